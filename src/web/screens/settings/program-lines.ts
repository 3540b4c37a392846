export type Program = 'windows' | 'macos' | 'linux' | 'rclone' | 'nextcloud'

interface Access {
  /** Of the drive, with a slash at its end. */
  url: string
  /** Of the node, without one. */
  server: string
  user: string
  password: string
}

/** What to paste into a program, or into a terminal, to reach the drive. */
export function programLines(program: Program, { url, server, user, password }: Access): string[] {
  switch (program) {
    case 'windows':
      return [`net use Z: "${url}" /user:${user} * /persistent:yes`]
    case 'macos':
      return [url, `open "${url}"`]
    case 'linux':
      return [
        'sudo apt install davfs2 && sudo mkdir -p /mnt/causeway',
        `sudo mount -t davfs -o uid=$(id -u),gid=$(id -g) "${url}" /mnt/causeway`,
      ]
    case 'rclone': {
      const dav = url.replace(`${server}/dav/`, `${server}/remote.php/dav/`).replace(/\/$/, '')
      return [
        `rclone config create causeway webdav url="${dav}" vendor=nextcloud user=${user} pass=${password} --obscure`,
        'rclone ls causeway:',
      ]
    }
    case 'nextcloud':
      return [server]
  }
}
