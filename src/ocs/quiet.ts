import type { OcsCall, OcsData } from './types.ts'

/** What a client polls for things that this node does not have: a true answer that says so. */
interface QuietAnswer {
  path: RegExp
  data: OcsData | ((userName: string) => OcsData)
}

const NOTHING: readonly OcsData[] = []

const OFFLINE = (userName: string): OcsData => ({
  userId: userName,
  message: null,
  messageId: null,
  messageIsPredefined: false,
  icon: null,
  clearAt: null,
  status: 'offline',
  statusIsUserDefined: false,
})

const answers: readonly QuietAnswer[] = [
  { path: /^core\/navigation\/apps$/, data: NOTHING },
  { path: /^core\/autocomplete\/get$/, data: NOTHING },
  { path: /^apps\/user_status\/api\/v1\/(user_status|heartbeat)$/, data: OFFLINE },
  { path: /^apps\/user_status\/api\/v1\/(statuses|predefined_statuses)$/, data: NOTHING },
  {
    path: /^apps\/recommendations\/api\/v1\/recommendations(\/always)?$/,
    data: { enabled: false, recommendations: [] },
  },
  { path: /^apps\/activity\/api\/v2\/activity(\/\w+)?$/, data: NOTHING },
  { path: /^apps\/files\/api\/v1\/templates$/, data: NOTHING },
  { path: /^apps\/files\/api\/v1\/directEditing$/i, data: { editors: {}, creators: {} } },
  { path: /^apps\/provisioning_api\/api\/v1\/config$/, data: {} },
  { path: /^apps\/external\/api\/v1$/, data: NOTHING },
]

/** The answer to a poll that has nothing to tell, or undefined for what is not served at all. */
export async function findQuietAnswer(call: OcsCall): Promise<OcsData | undefined> {
  const found = answers.find(({ path }) => path.test(call.path))
  if (found === undefined) return undefined
  const { userName } = await call.authenticate()
  return typeof found.data === 'function' ? found.data(userName) : found.data
}
