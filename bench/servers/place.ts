/** What the servers of this folder are told by their environment. */
export const place = {
  folder: process.env.BENCH_FOLDER ?? '',
  port: Number(process.env.BENCH_PORT),
  password: process.env.BENCH_PASSWORD ?? '',
}
