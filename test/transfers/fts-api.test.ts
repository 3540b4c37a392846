import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromFts, fromPriority, ftsBodySchema, toPriority } from '../../src/transfers/fts/fts-body.ts'
import { deterministicId } from '../../src/transfers/fts/fts-view.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import type { SourceServer } from './support/source-server.ts'
import { type TestEngine, USER } from './support/test-engine.ts'

const read = (body: unknown) => fromFts(ftsBodySchema.parse(body), 1000)
const file = { sources: ['https://a.example/x'], destinations: ['https://b.example/y'] }

describe('a submission of FTS3', () => {
  it('becomes a list of files with what it says of them', () => {
    const order = read({
      files: [
        {
          ...file,
          sources: ['https://a.example/x', 'https://c.example/x'],
          checksum: 'ADLER32:1a2b',
          filesize: 12,
        },
      ],
      params: {
        overwrite: true,
        retry: 2,
        priority: 9,
        max_time_in_queue: 2,
        nostreams: 4,
        job_metadata: { a: 1 },
        unknown: 1,
      },
    })
    expect(order).toMatchObject({
      overwrite: 'always',
      priority: 90,
      deadlineMs: 1000 + 2 * 3_600_000,
      options: { maxTries: 3, streams: 4, metadata: { fts: { a: 1 } } },
      items: [
        {
          source: { replicas: [{ url: 'https://a.example/x' }, { url: 'https://c.example/x' }] },
          destination: { url: 'https://b.example/y' },
          sizeBytes: 12,
          checksums: { adler32: '00001a2b' },
        },
      ],
    })
  })

  it('overwrites nothing and verifies unless told otherwise', () => {
    expect(read({ files: [file] })).toMatchObject({ overwrite: 'never', verify: 'checksum', priority: 50 })
    expect(read({ files: [file], params: { verify_checksum: 'none' } }).verify).toBe('size')
    const [item] = read({ files: [{ ...file, checksum: 'crc32c:A72A4DF' }] }).items ?? []
    expect(item?.checksums).toEqual({ crc32c: '0a72a4df' })
    expect(read({ files: [file], params: { max_time_in_queue: '30m' } }).deadlineMs).toBe(1000 + 1_800_000)
  })

  it.each([
    [{ files: [{ ...file, sources: ['file:///etc/passwd'] }] }],
    [{ files: [{ ...file, sources: ['https://a.example/'] }] }],
    [{ files: [{ ...file, destinations: ['not a url'] }] }],
    [{ files: [{ ...file, destinations: ['https://b.example/1', 'https://b.example/2'] }] }],
    [{ files: [{ ...file, checksum: 'crc32:12345678' }] }],
    [{ files: [{ ...file, checksum: 'adler32:123456789' }] }],
    [{ files: [{ ...file, source_tokens: ['ey'] }] }],
    [{ files: [file], params: { bring_online: 3600 } }],
    [{ files: [file], params: { multihop: true } }],
    [{ files: [file], params: { id_generator: 'deterministic' } }],
    [{ files: [file], params: { max_time_in_queue: 'soon' } }],
  ])('%j is refused', (body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('has priorities that come back as they were', () => {
    for (const priority of [1, 2, 3, 4, 5]) expect(fromPriority(toPriority(priority))).toBe(priority)
  })

  it('has deterministic ids as other programs compute them', () => {
    // python3: uuid5(uuid5(UUID('01874efb-4735-4595-bc9c-591aef8240c9'), 'atlas'), 'sid-1')
    expect(deterministicId('atlas', 'sid-1')).toBe('9bbee7f9-da78-5287-9c90-71c66a1fa3a8')
  })
})

describe('the routes of FTS3', () => {
  let rig: EngineRig
  let source: SourceServer
  let engine: TestEngine

  beforeEach(async () => {
    rig = await startRig({ isStarted: false })
    ;({ source, engine } = rig)
  })

  afterEach(() => closeRig(rig))

  const submit = (params: object = {}) =>
    engine.call('ftsSubmit', {
      body: ftsBodySchema.parse({
        files: [
          { sources: [`${source.url}/a`], destinations: [`${source.url}/b`] },
          { sources: [`${source.url}/c`], destinations: [`${source.url}/d`] },
        ],
        params,
      }),
    }) as Promise<{ job_id: string }>
  const show = (ids: string, query = {}) => engine.call('ftsGetJob', { params: { ids }, query })

  it('submit, show, list, reprioritise and cancel', async () => {
    const { job_id } = await submit({ priority: 2 })
    expect(await show(job_id, { files: 'file_state,dest_surl' })).toMatchObject({
      job_state: 'SUBMITTED',
      priority: 2,
      vo_name: USER,
      files: [
        { file_state: 'SUBMITTED', dest_surl: `${source.url}/b` },
        { file_state: 'SUBMITTED', dest_surl: `${source.url}/d` },
      ],
    })
    expect(await engine.call('ftsListJobs', { query: {} })).toMatchObject([{ job_id }])
    await engine.call('ftsChangeJobs', { params: { ids: job_id }, body: { params: { priority: 5 } } })
    expect(await show(job_id)).toMatchObject({ priority: 5 })
    const several = (await show(`${job_id},none`)) as { http_status: string }[]
    expect(several.map((one) => one.http_status)).toEqual(['200 Ok', '404 NOT_FOUND'])
    expect(await engine.call('ftsCancelJobs', { params: { ids: job_id } })).toMatchObject({
      job_state: 'CANCELED',
    })
    expect(await engine.call('ftsListJobs', { query: {} })).toEqual([])
    await expect(engine.call('ftsListJobs', { query: { state_in: 'CANCELED' } })).rejects.toMatchObject({
      status: 400,
    })
    expect(await engine.call('ftsListJobs', { query: { state_in: 'CANCELED', limit: '5' } })).toMatchObject([
      { job_id },
    ])
  })

  it('say so when the files of several jobs are too many for one answer', async () => {
    const [first, second] = [(await submit()).job_id, (await submit()).job_id]
    const both = `${first},${second}`
    await rig.database.db('transfer_jobs').where({ id: first }).update({ files_total: 99_999 })
    await expect(show(both, { files: 'file_state' })).rejects.toMatchObject({
      status: 400,
      code: 'TOO_MANY_FILES',
      message: expect.stringMatching(/2 jobs have 100001 files.*no more than 100000.*Ask for fewer jobs/),
    })
    expect(await show(both)).toHaveLength(2)
    expect(await show(first, { files: 'file_state' })).toMatchObject({ files: [{}, {}] })
    await rig.database.db('transfer_jobs').where({ id: first }).update({ files_total: 100_001 })
    const files = engine.call('ftsGetJobField', { params: { ids: first, field: 'files' } })
    await expect(files).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`page by page at /api/v1/transfers/${first}/files`),
    })
  })

  it('take a deterministic id once', async () => {
    const params = { id_generator: 'deterministic', sid: 'mine' }
    const { job_id } = await submit(params)
    expect(job_id).toBe(deterministicId(USER, 'mine'))
    await expect(submit(params)).rejects.toMatchObject({ status: 409 })
  })

  it('end single files, and show nobody else’s jobs', async () => {
    const { job_id } = await submit()
    const [first] = (await engine.call('ftsGetJobField', { params: { ids: job_id, field: 'files' } })) as {
      file_id: string
    }[]
    const ended = await engine.call('ftsCancelFiles', { params: { ids: job_id, fileIds: first?.file_id } })
    expect(ended).toBe('"CANCELED"')
    const alien = engine.call('ftsGetJob', { params: { ids: job_id }, query: {} }, 'user-2')
    await expect(alien).rejects.toMatchObject({ status: 404 })
  })
})
