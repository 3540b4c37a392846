import { render } from 'preact'
import { App } from './app.tsx'
import { startRouter } from './router.ts'
import { loadSession } from './session.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('The page has no place for the application.')
startRouter()
void loadSession()
render(<App />, root)
