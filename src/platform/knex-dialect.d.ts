declare module 'knex/lib/dialects/better-sqlite3/index.js' {
  // biome-ignore lint/suspicious/noExplicitAny: knex does not publish the types of its dialects
  const client: any
  // biome-ignore lint/style/noDefaultExport: that is how the foreign module exports it
  export default client
}
