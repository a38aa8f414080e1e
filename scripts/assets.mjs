// Copies GOV.UK Frontend's ready-made stylesheet and script into the folder that is built into the program.
// The typeface and the crown are for services on GOV.UK's own domain: everything that names them is taken out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [source, target] = process.argv.slice(2)
const built = join(source, 'dist', 'govuk')
const withoutMap = (text) => text.replace(/\/[/*][#@] sourceMappingURL=.*$/m, '')

const css = withoutMap(readFileSync(join(built, 'govuk-frontend.min.css'), 'utf8'))
  .replace(/@font-face\s*\{[^}]*\}/g, '')
  .replace(/"?GDS Transport"?\s*,\s*/g, '')
  .replace('@charset "UTF-8";', '') // counts only as the first word, and the server says it too
  .replace(/[^{}]*govuk-footer__copyright-logo[^{}]*\{[^{}]*\}/g, '')
const script = withoutMap(readFileSync(join(built, 'govuk-frontend.min.js'), 'utf8'))

for (const left of css.match(/url\((?!["']?data:)[^)]*\)|GDS Transport|crest|@font-face/g) ?? []) {
  throw new Error(`the stylesheet still names ${left}: take it out in scripts/assets.mjs`)
}
const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
const licence = `/*! GOV.UK Frontend ${version}, Copyright (c) Crown Copyright (Government Digital Service), MIT licence */\n`
mkdirSync(target, { recursive: true })
writeFileSync(join(target, 'govuk-frontend.min.js'), licence + script)
writeFileSync(join(target, 'govuk-frontend.min.css'), licence + css) // last: scripts/setup takes it for the whole
