/**
 * The one door from the command to a node in this very process. Loaded only when needed: a command that
 * talks to a node over HTTP starts without the node's code.
 */
export const operator = {
  serve: () => import('../main.ts'),
  admin: () => import('../admin.ts'),
  deliver: () => import('../deliver.ts'),
}
