import type { GivenShare, ShareOptions } from './fake-types.ts'
import type { FakeAnswer, FakeRequest } from './http-server.ts'

/** Where the application of the fakes is. */
export const APP = '/apps/edit/'

/** `protocol.webapp` as OCM 1.4 has it, or as 1.1 to 1.3. */
export function webappOf(share: GivenShare, url: string, form: ShareOptions['webapp']): object {
  if (form === undefined) return {}
  if (form === 'old') {
    const uriTemplate = `${url}${APP}${share.id}/{relative-path-to-shared-resource}`
    return { webapp: { uriTemplate, viewMode: 'read' } }
  }
  const at = form === 'elsewhere' ? 'http://elsewhere.test' : url
  return {
    webapp: {
      ...{ uri: `${at}${APP}${share.id}`, sharedSecret: share.secret, targets: ['blank'] },
      ...{ permissions: ['view', 'read'], requirements: ['must-exchange-token'], appName: 'Editor' },
    },
  }
}

/** Opens with the token that was exchanged, in a form and nowhere else; in the old form for whoever comes. */
export function answerWebapp(given: readonly GivenShare[], request: FakeRequest): FakeAnswer {
  const [id, ...names] = request.path.slice(APP.length).split('/')
  const share = given.find((one) => one.id === id)
  if (share === undefined) return { status: 404 }
  const opened = { status: 200, body: `opened ${[share.name, ...names].join('/')}` }
  if (request.method === 'GET') return share.accessToken === undefined ? opened : { status: 405 }
  const form = new URLSearchParams(request.body.toString('utf8'))
  const isBack = URL.canParse(form.get('expired_session_redirect_uri') ?? '')
  return isBack && form.get('access_token') === share.accessToken ? opened : { status: 401 }
}
