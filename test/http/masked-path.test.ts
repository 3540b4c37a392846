import { describe, expect, it } from 'vitest'
import { maskedPath } from '../../src/http/masked-path.ts'

const TOKEN = 'V1StGXR8Z5jdHi6BmyTabcde'

describe('a path in the log', () => {
  it.each([
    [`/s/${TOKEN}`, '/s/…'],
    [`/s/${TOKEN}/download`, '/s/…/download'],
    [`/cloud/public.php/dav/files/${TOKEN}/a%20b`, '/cloud/public.php/dav/files/…/a b'],
    [`/public.php//dav/files/${TOKEN}`, '/public.php/dav/files/…'],
    [`/dav/public//${TOKEN}/x`, '/dav/public/…/x'],
    [`//dav///public/./${TOKEN}`, '/dav/public/…'],
    [`/dav/%70ublic/${TOKEN}`, '/dav/public/…'],
    [`/dav%2Fpublic%2f${TOKEN}/%zz%ff`, '/dav/public/…/%zz%ff'],
    [`/%73/%56${TOKEN.slice(1)}`, '/s/…'],
    [`/s/${TOKEN}/dav/public/${TOKEN}`, '/s/…/dav/public/…'],
    [`/login/v2/flow/${TOKEN}`, '/login/v2/flow/…'],
    [`/login/v2//fl%6fw/${TOKEN}/grant`, '/login/v2/flow/…'],
  ])('%s shows no secret', (path, shown) => {
    expect(maskedPath(path)).toBe(shown)
  })

  it.each([
    '/dav/files/ann/a%20b//c',
    '/remote.php/dav/%E2%82%AC',
    '/s/short',
    '/%',
    '/api/v1/shares',
  ])('%s without one stays as it came', (path) => {
    expect(maskedPath(path)).toBe(path)
  })
})
