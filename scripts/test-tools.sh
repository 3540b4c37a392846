#!/bin/sh
# Makes sure that the foreign programs which the tests talk to are there: Debian's packages, or a word on what to install.
set -eu

missing=''
need() { # package, then files or commands one of which shows that it is there
  package=$1
  shift
  for sign in "$@"; do
    if command -v "$sign" >/dev/null 2>&1 || ls $sign >/dev/null 2>&1; then return; fi
  done
  missing="$missing $package"
}

need rclone rclone
need litmus litmus
need postgresql initdb '/usr/lib/postgresql/*/bin/initdb'
need util-linux setpriv
need nextcloud-desktop-cmd nextcloudcmd
need owncloud-client-cmd owncloudcmd
need curl curl
need cadaver cadaver
need fuse3 fusermount3
need davfs2 mount.davfs
need dbus dbus-run-session
need libglib2.0-bin gio
need gvfs-daemons /usr/libexec/gvfsd
need gvfs-backends /usr/libexec/gvfsd-dav
need davix davix-ls
need gfal2-util-scripts gfal-copy
need gfal2-plugin-http '/usr/lib/*/gfal2-plugins/libgfal_plugin_http.so'
need gfal2-plugin-file '/usr/lib/*/gfal2-plugins/libgfal_plugin_file.so'
need nordugrid-arc-client arccp
need openssl openssl
need chromium chromium chromium-browser google-chrome
need nginx nginx /usr/sbin/nginx
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need these programs, please install them:$missing" >&2
  exit 1
fi
as_root=''
[ "$(id -u)" = 0 ] || as_root='sudo'
echo "installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
