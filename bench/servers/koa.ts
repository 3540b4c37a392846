import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Koa, { type Context } from 'koa'
import { USER } from '../types.ts'
import { place } from './place.ts'

const login = `Basic ${Buffer.from(`${USER}:${place.password}`).toString('base64')}`

/** GET is what is measured; the others put the files there and take them away. */
const answers: Record<string, (file: string, ctx: Context) => Promise<void>> = {
  async GET(file, ctx) {
    ctx.body = await readFile(file)
    ctx.type = 'application/octet-stream'
  },
  async PUT(file, ctx) {
    await writeFile(file, ctx.req)
    ctx.status = 201
  },
  async MKCOL(file, ctx) {
    await mkdir(file)
    ctx.status = 201
  },
  async DELETE(file, ctx) {
    await rm(file, { recursive: true, force: true })
    ctx.status = 204
  },
}

const app = new Koa()
app.use(async (ctx) => {
  if (ctx.get('authorization') !== login) return ctx.throw(401)
  await answers[ctx.method]?.(join(place.folder, ctx.path), ctx)
})
app.listen(place.port, '127.0.0.1')
