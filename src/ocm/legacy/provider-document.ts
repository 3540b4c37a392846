/** Whom `/ocs-provider/` is asked of looks for these, to be put behind the address of the node. */
const SERVICES = {
  SHARING: {
    version: 1,
    endpoints: { share: '/ocs/v2.php/apps/files_sharing/api/v1/shares' },
  },
  FEDERATED_SHARING: {
    version: 1,
    endpoints: { share: '/ocs/v2.php/cloud/shares', webdav: '/public.php/webdav/' },
  },
} as const

/** What this node can in the interfaces from before OCM (`/ocs-provider/`, version 2 of its form). */
export function ownProviderDocument({ enabled }: { enabled: boolean }): object {
  const { FEDERATED_SHARING, ...others } = SERVICES
  return { version: 2, services: enabled ? { ...others, FEDERATED_SHARING } : others }
}
