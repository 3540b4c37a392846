import type { ConfigInput } from '../../../src/config/schema.ts'
import { TestMesh, type TestNode } from '../../support/test-mesh.ts'

/** Names that the fakes take unless they are given others. */
const FAKES = ['nc', 'nc2', 'oc10', 'opencloud', 'ocis', 'reva', 'ocmgo']

/** Nodes that can reach the fakes by name, and the fakes them. `settings` without `network`. */
export async function startMesh(
  names: readonly string[],
  settings: Omit<Partial<ConfigInput>, 'network'> = {},
): Promise<TestMesh & { nodes: TestNode[] }> {
  const hosts = Object.fromEntries([...names, ...FAKES].map((name) => [`${name}.test`, '127.0.0.1']))
  const network = { allow: ['127.0.0.0/8'], insecureHttp: true, hosts }
  return TestMesh.create(names, { ...settings, network })
}
