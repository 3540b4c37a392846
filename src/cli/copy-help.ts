import { ARC_OPTIONS } from './arc-options.ts'

const options = Object.entries(ARC_OPTIONS).map(
  ([name, { effect, reason }]) =>
    `  ;${name.padEnd(17)}${effect === 'honoured' ? '' : `${effect}: `}${reason}`,
)

/** What `cp --help` says after its options. */
export const COPY_HELP = `
Which side is which: drive:/a/b is your drive, PROFILE:/a/b the drive of that profile, http, https, dav
and davs URLs are WebDAV or plain web servers, "-" is standard input or output; everything else is a
local path. A folder that exists, or a slash at the end, takes the source below its own name.

Inside one drive the server copies by itself. Otherwise the bytes are streamed and hashed, times are
kept, and the checksums are compared when the server shows them. A large download that breaks off is
kept beside its target as .causeway-….part, and the same command goes on from there; a large upload to
a node goes up in pieces and does the same.

Lists: --list FILE has a source and a destination in each line, and only there may a URL hold a
password. urllist:///FILE or @FILE has one source in each line; the destination is a folder, or a list
of as many destinations.

URLs are those of ARC: davs://host;option=value/path:checksumtype=adler32:checksumvalue=0a1b2c3d
${options.join('\n')}

Exit codes: 0 all copied, 1 nothing copied, 2 wrong usage, 3 some failed.

Examples:
  causeway cp results.h5 drive:/data/
  causeway cp -r drive:/data ./data
  causeway cp drive:/a.txt drive:/b.txt
  causeway cp --threads 4 davs://dcache.example.org/run-1/events.root .
  causeway cp --list pairs.txt
  tar c . | causeway cp - drive:/backup.tar`
