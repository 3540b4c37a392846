import type { WaitFacts } from '../scheduling/wait-reason.ts'
import type { LinkControl } from './link-control.ts'
import { hostsOf } from './link-hosts.ts'

/** Why what waits for a link waits: it is paused or full, its bandwidth is used up, or a host is left in peace. */
export function linkWaitFacts(links: LinkControl, link: string): WaitFacts {
  const { isPaused, pauseReason, running, decision, rationale } = links.factsOf(link)
  const reason = pauseReason === null ? {} : { reason: pauseReason }
  const closed = hostsOf(link)
    .map((host) => links.breakers.ask(host))
    .find((answer) => !answer.isAllowed)
  const throttle = links.throttlesOf(link).find((one) => one.isBinding)
  const isFull = hostsOf(link).length > 0 && running >= decision
  return {
    ...(isPaused ? { paused: { what: 'link', by: 'operator', ...reason } as const } : {}),
    ...(closed === undefined || closed.isAllowed
      ? {}
      : { peer_down: { why: closed.why, untilMs: closed.untilMs } }),
    ...(isFull ? { slot_link: { link, running, limit: decision, rationale } } : {}),
    ...(throttle?.bytesPerSecond === undefined
      ? {}
      : { bandwidth: { what: `the link ${link}`, bytesPerSecond: throttle.bytesPerSecond } }),
  }
}
