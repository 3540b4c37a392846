import { connect } from 'node:net'
import fc from 'fast-check'

const methods = fc.constantFrom(
  ...['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'MKCOL', 'PROPFIND', 'PROPPATCH', 'COPY', 'MOVE', 'LOCK'],
  ...['UNLOCK', 'POST', 'PATCH', 'REPORT', 'SEARCH', 'TRACE', 'MKCALENDAR', 'ACL', 'BIND'],
)

const names = fc.constantFrom(
  '',
  ...'small.txt big.bin folder folder/inside.txt folder/ new.txt missing/new.txt small.txt/below'.split(' '),
  ...'.. ../ann/small.txt %2e%2e/%2e%2e/etc/passwd a%2fb %00 x%00y % %ff %c3%28 . //double//slash'.split(' '),
  ...'ä %C3%A4 %ED%A0%80 ;p=1 %EF%BF%BF %01 %0d%0aX:%20y a?b a%3Fb con %5c..%5c ~ %20 \\'.split(' '),
  // A cursor that holds a number no database column takes.
  Buffer.from('[1e30,"x"]').toString('base64url'),
  'n'.repeat(300),
  'x/'.repeat(250),
)

const prefixes = fc.constantFrom(
  ...'/dav/files/ann/ /remote.php/dav/files/ann/ /remote.php/webdav/ /webdav/ /dav/files/bob/'.split(' '),
  ...'/dav/files/ /dav/ocm/x/ /public.php/webdav/ /api/v1/transfers/ /api/v1/shares/ /api/v1/'.split(' '),
  ...'/api/v1/received-shares/ /api/v1/contacts/ /api/v1/me/app-passwords/ /ocm/ /app/ /'.split(' '),
  ...'/api/v1/transfers?cursor= /api/v1/transfers?limit= /api/v1/shares?path='.split(' '),
  ...'/.well-known/ http://evil.example/dav/files/ann/ //dav/files/ann/ /dav/../dav/files/ann/'.split(' '),
)

const target = fc.tuple(prefixes, names).map(([prefix, name]) => prefix + name)

const headerValues: Record<string, readonly string[]> = {
  Depth: ['0', '1', 'infinity', '2', '-1', '', '1, 0'],
  Range: [
    'bytes=0-1',
    'bytes=-1',
    'bytes=9-1',
    'bytes=0-0,2-3',
    'bytes=99999999999999999999-',
    'x=1',
    'bytes=,',
  ],
  If: ['(<urn:x>)', '(', '</small.txt> (["x"])', '(Not <DAV:no-lock>)', '<%> (["x"])', '()', '(["a" <b>])'],
  'If-Match': ['*', '"x"', 'W/"x"', 'x', ''],
  'If-None-Match': ['*', '"x"', ''],
  'If-Modified-Since': ['Sun, 06 Nov 1994 08:49:37 GMT', 'never', 'Sun, 99 Nov 9999999 08:49:37 GMT'],
  'If-Range': ['"x"', 'never', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  Destination: [
    '',
    ...'/dav/files/ann/moved http://evil.example/dav/files/ann/x /dav/files/ann/.. % / * ? # /etc/passwd'.split(
      ' ',
    ),
    ...'/dav/files/ann/folder/inside.txt/deep /dav/files/ann/folder/deep /dav/files/ann/%00 http:///x'.split(
      ' ',
    ),
    ...'/dav/files/ann/ /dav/files/ann/small.txt /dav/files/bob/x ftp://x/y'.split(' '),
  ],
  Overwrite: ['T', 'F', 'maybe', ''],
  Timeout: ['Second-1', 'Infinite', 'Second-99999999999999', 'x', 'Infinite, Second-4100000000'],
  'Lock-Token': ['<urn:x>', 'x', '<>', ''],
  'X-OC-Mtime': ['0', '-1', '1e9', '253402300799', '-253402300799', '99999999999999', 'x', '1.5'],
  'OC-Checksum': ['SHA1:x', 'MD5:', ':', 'ADLER32:1', `SHA256:${'0'.repeat(64)}`],
  Digest: ['sha-256=x', 'md5==', '=', 'adler32=zz'],
  'Content-MD5': ['x', '1B2M2Y8AsgTpgAmY7PhCfg=='],
  'Content-Range': ['bytes 0-1/2', 'x'],
  'Content-Type': ['application/json', 'application/xml', 'text/plain; charset=utf-16', 'x', ''],
  'Content-Encoding': ['gzip', 'x'],
  'Want-Digest': ['sha-256;q=1, md5;q=0.5', ',,;q=x'],
  Prefer: ['return=minimal', 'x'],
  Accept: ['*/*', 'x'],
  Authorization: ['Basic x', 'Basic OjpAOg==', 'Bearer x', `Bearer ${'x'.repeat(4000)}`, 'x', 'Basic AAA='],
  Signature: [
    'sig1=:x:',
    'sig1=:AAAA:',
    '(',
    'keyId="x",algorithm="y",headers="(request-target)",signature="z"',
  ],
  'Signature-Input': ['sig1=("@method");keyid="x"', '(', 'sig1=();created=9999999999999999999'],
  Cookie: ['a=b'],
  'X-Forwarded-For': ['1.2.3.4', 'x', '::1, %'],
  'X-Request-Id': ['x', '<script>'],
  Host: ['', 'evil.example', 'localhost:99999', '['],
  Expect: ['100-continue', 'x'],
  'Last-Event-ID': ['x'],
}

const header = fc
  .constantFrom(...Object.keys(headerValues))
  .chain((name) => fc.constantFrom(...(headerValues[name] ?? [])).map((value) => [name, value] as const))

const DAV = 'xmlns="DAV:"'
const lockInfo = `<lockinfo ${DAV}><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`
const bodies = fc.oneof(
  fc.constantFrom(
    ...['', 'x', '{', '{}', '[]', 'null', '"x"', '{"path":"\\u0000"}', '{"__proto__":{"x":1}}', '<', '<a/>'],
    ...[
      `<propfind ${DAV}><allprop/></propfind>`,
      `<propfind ${DAV}><prop><xml:lang/></prop></propfind>`,
      lockInfo,
    ],
    `<propfind ${DAV}><prop><x xmlns=""/><y xmlns="urn:é&amp;&quot;"/></prop></propfind>`,
    `<propertyupdate ${DAV}><set><prop><p xmlns="urn:p">\u{1f600}<q a="1"/></p></prop></set></propertyupdate>`,
    `<propertyupdate ${DAV}><remove><prop><getetag/></prop></remove></propertyupdate>`,
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a>'.repeat(2000),
    '{"source":{"path":"/small.txt"},"destination":{"path":"/copied.txt"}}',
    '{"source":{"path":"/../x"},"destination":{"path":"\\u0000"},"label":"\\u0000"}',
    '{"source":{"shareId":"\\u0000","path":"\\ud800"},"destination":{"path":"/a"},"label":"\\ud800"}',
    '{"path":"/folder","shareWith":"nobody@[","role":"viewer"}',
    '{"path":"/folder","shareWith":"jan@127.0.0.1:1","role":"editor"}',
    '{"invite":"x@y"}',
    '{"label":"\\u0000"}',
  ),
  fc.string({ unit: 'binary', maxLength: 200 }),
)

/** A request that no polite client would send. */
export interface HostileRequest {
  method: string
  target: string
  headers: (readonly [string, string])[]
  body: string
  chunked: boolean
  /** Bytes of the answer after which the client goes away; undefined for one that stays. */
  leavesAfter: number | undefined
}

/** Requests to a node whose user `ann` owns `small.txt`, `big.bin` and `folder/inside.txt`. */
export const hostileRequests: fc.Arbitrary<HostileRequest> = fc.record({
  method: methods,
  target,
  headers: fc.array(header, { maxLength: 4 }),
  body: bodies,
  chunked: fc.boolean(),
  leavesAfter: fc.option(fc.constantFrom(0, 1, 2000), { nil: undefined, freq: 4 }),
})

/**
 * Sends the request byte by byte as it stands; answers the status, 599 where somebody who
 * waited got none, undefined where nobody waited.
 */
export function sendHostile(
  request: HostileRequest,
  to: { origin: string; authorization: string },
): Promise<number | undefined> {
  const { port } = new URL(to.origin)
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.on('error', () => undefined)
  socket.setTimeout(8_000, () => {
    answer ||= 'HTTP/1.1 599 silent'
    socket.destroy()
  })
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1', 0, 100)
    if (request.leavesAfter !== undefined && answer.length >= request.leavesAfter) socket.destroy()
  })
  socket.on('close', () => {
    const [, status] = /^(?:HTTP\/1\.1 100 [\s\S]*?\r\n\r\n)*HTTP\/1\.1 (\d{3})/.exec(answer) ?? []
    if (status !== undefined) resolve(Number(status))
    else resolve(request.leavesAfter === undefined ? 599 : undefined)
  })
  socket.write(toBytes(request, to.authorization))
  if (request.leavesAfter === 0) socket.end()
  return promise
}

function toBytes(request: HostileRequest, authorization: string): Buffer {
  const { method, target, headers, body, chunked } = request
  const bytes = Buffer.from(body)
  const given = new Set(headers.map(([name]) => name))
  const lines = [`${method} ${target} HTTP/1.1`, 'Connection: close']
  if (!given.has('Host')) lines.push('Host: leiden.test')
  if (!given.has('Authorization')) lines.push(`Authorization: ${authorization}`)
  lines.push(...headers.map(([name, value]) => `${name}: ${value}`))
  lines.push(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`)
  const framed = chunked
    ? [
        Buffer.from(bytes.length === 0 ? '' : `${bytes.length.toString(16)}\r\n`),
        bytes,
        Buffer.from('0\r\n\r\n'),
      ]
    : [bytes]
  if (chunked && bytes.length > 0) framed.splice(2, 0, Buffer.from('\r\n'))
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...framed])
}
