import { v2 } from 'webdav-server'
import { USER } from '../types.ts'
import { place } from './place.ts'

// The package as its documentation starts it: Basic authentication and rights of one user.
const userManager = new v2.SimpleUserManager()
const user = userManager.addUser(USER, place.password, false)
const privilegeManager = new v2.SimplePathPrivilegeManager()
privilegeManager.setRights(user, '/', ['all'])
const server = new v2.WebDAVServer({
  hostname: '127.0.0.1',
  port: place.port,
  httpAuthentication: new v2.HTTPBasicAuthentication(userManager, 'bench'),
  requireAuthentification: true,
  privilegeManager,
  rootFileSystem: new v2.PhysicalFileSystem(place.folder),
})
await server.startAsync(place.port)
