import { isoTime } from '../platform/clock.ts'

/** What the text of an invitation is made of. */
export interface InvitationFacts {
  /** Name and address of who invites. */
  inviterName: string
  inviterAddress: string
  link: string
  inviteString: string
  token: string
  host: string
  expiresAtMs: number
}

/** A mail as people send it on. */
export interface InvitationMail {
  subject: string
  text: string
}

/** An invitation in words, with all three ways to accept it: link, code, token and server. */
export function invitationMail(facts: InvitationFacts): InvitationMail {
  const { inviterName, inviterAddress, link, inviteString, token, host } = facts
  const until = `${isoTime(facts.expiresAtMs).slice(0, 16).replace('T', ' ')} UTC`
  return {
    subject: `${inviterName} invites you to share files`,
    text: `${inviterName} (${inviterAddress}) invites you to become a contact; then you can share files with
each other, each from your own server. Your server has to speak Open Cloud Mesh.

Open this link and pick the server where you have your account:

${link}

Or paste this code into the dialog for invitations of your server:

${inviteString}

Should it ask for a token and a server instead: the token is ${token}, the server is ${host}.

The invitation is for one person, until ${until}.
`,
  }
}
