import { engines } from '../support/databases.ts'
import { describeFileStore } from './file-store-contract.ts'
import { createTestSpaces } from './support.ts'

for (const engine of engines) {
  describeFileStore(`a drive indexed in ${engine}`, () => createTestSpaces(engine))
}
