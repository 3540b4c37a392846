import { z } from 'zod'

/** One address and nothing else; what could end a header or begin another recipient is refused. */
const mailAddress = z.email().max(254)

/** The operator's mail server; off without `host`. */
export const mail = z
  .strictObject({
    host: z.string().min(1).optional().describe('The SMTP server; without it no mail is sent.'),
    port: z.int().min(1).max(65_535).default(587),
    secure: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('STARTTLS is demanded, TLS from the first byte (port 465), or plain text: own machine only.'),
    user: z.string().min(1).optional().describe('Name to sign in with at the mail server.'),
    password: z.string().min(1).optional().describe('Use CAUSEWAY_MAIL__PASSWORD_FILE for the secret.'),
    from: mailAddress
      .optional()
      .describe('Sender of all mails; no-reply@ the host of publicUrl unless given.'),
    giveUpDays: z.number().positive().max(30).default(3).describe('How long a mail is tried again.'),
    strangersPerDay: z
      .int()
      .min(0)
      .default(20)
      .describe('Invitations that one user may have mailed within 24 hours; 0: none.'),
    linkDays: z
      .number()
      .positive()
      .max(90)
      .default(14)
      .describe('How long Accept and Decline in a mail can be used.'),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    message: 'needs both a user and a password, or neither',
    path: ['user'],
  })
  .refine(
    ({ secure, password, host }) =>
      password === undefined || secure !== 'none' || /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host ?? ''),
    { message: 'must not be none with a password, which would travel in plain text', path: ['secure'] },
  )

/** Notifications and the activity log. */
export const notify = z.strictObject({
  activityDays: z.int().min(1).default(90).describe('How long the activity log is kept.'),
  diskLowBytes: z
    .int()
    .min(0)
    .optional()
    .describe('Administrators are told when less is free on the disk; 5 % of it unless given.'),
})
