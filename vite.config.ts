import { defineConfig } from 'vite'

/** Builds the web page of the node: `src/web` into `dist/web`, with addresses relative to `<base href>`. */
export default defineConfig({
  root: 'src/web',
  base: './',
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // The page's policy admits no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
