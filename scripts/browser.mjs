// Unpacks the browser that npm's @sparticuz/chromium carries, with the libraries it needs, and puts a script named
// chromium beside them that starts it: for the tests, on machines where Debian's cannot be installed.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

const [source, target] = process.argv.slice(2)
const unpacked = (name) => brotliDecompressSync(readFileSync(join(source, name)))
const fresh = `${target}.new`

rmSync(fresh, { recursive: true, force: true })
mkdirSync(fresh, { recursive: true })
for (const archive of ['al2023.tar.br', 'swiftshader.tar.br', 'fonts.tar.br']) {
  execFileSync('tar', ['-x', '-C', fresh], { input: unpacked(archive) })
}
writeFileSync(join(fresh, 'chromium.bin'), unpacked('chromium.br'))
const place = resolve(target)
writeFileSync(join(fresh, 'chromium'), `#!/bin/sh
LD_LIBRARY_PATH='${place}/lib' exec '${place}/chromium.bin' "$@"
`)
for (const name of ['chromium', 'chromium.bin']) chmodSync(join(fresh, name), 0o755)
rmSync(target, { recursive: true, force: true })
renameSync(fresh, target)
