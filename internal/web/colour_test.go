package web

import (
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// contrast is that of two colours by their lightness, from 1 to 21, as WCAG 2 has it.
const contrast = `
	const light = colour => {
		const [r, g, b] = colour.match(/[\d.]+/g).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)`

// colourAlone finds what only colour would tell, by how the browser draws the page:
//   - a link in text that is not underlined (those of menus, lists of lists and buttons are told by where they stand);
//   - words in a sentence that differ from the rest in nothing but colour;
//   - a box that is filled with a colour and says nothing;
//   - a tag without words, or two that differ in colour and not in words;
//   - what is current and differs in neither weight nor line;
//   - a field in error without its sentence or its bar;
//   - a field that is marked as needed or not by anything but "(optional)" at the end of what it asks;
//   - marks of one picture of the same shape in two colours that are one grey.
const colourAlone = `(() => {` + contrast + `
	const faults = new Set(), style = e => getComputedStyle(e), all = s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility())
	const fault = (what, e) => faults.add(what + ': ' + e.outerHTML.replace(/\s+/g, ' ').slice(0, 140))
	const clear = c => c === 'transparent' || /, 0\)$/.test(c)
	const lined = e => ['Top', 'Right', 'Bottom', 'Left'].some(s => parseFloat(style(e)['border' + s + 'Width']) > 0 && !clear(style(e)['border' + s + 'Color']))
	for (const a of all('a[href], .app-link-button'))
		if (a.textContent.trim() && !a.closest('nav, header, .govuk-skip-link, .app-lists') && !/govuk-(button|back-link)/.test(a.className) && !style(a).textDecorationLine.includes('underline'))
			fault('a link that is not underlined', a)
	for (const e of all('main *')) {
		const own = style(e), parent = style(e.parentElement), words = e.textContent.trim()
		const amongWords = [...e.parentElement.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
		if (own.display === 'inline' && words && amongWords && own.color !== parent.color && own.fontWeight === parent.fontWeight
			&& own.textDecorationLine === 'none' && own.fontStyle === parent.fontStyle && own.fontSize === parent.fontSize && !e.closest('svg'))
			fault('words that differ in colour alone', e)
		if (!words && !clear(own.backgroundColor) && own.backgroundColor !== parent.backgroundColor && e.offsetWidth > 2 && e.offsetHeight > 2
			&& !e.matches('input, select, textarea, button, hr, iframe, svg, img, [aria-hidden=true]') && !e.closest('svg'))
			fault('a coloured box that says nothing', e)
	}
	const said = new Map()
	for (const tag of all('.govuk-tag')) {
		const words = tag.textContent.trim(), ground = style(tag).backgroundColor
		if (!words || said.has(words) && said.get(words) !== ground) fault('a tag told by its colour', tag)
		said.set(words, ground)
	}
	for (const e of all('[aria-current]')) {
		const marked = [e, ...e.querySelectorAll('*'), e.closest('li') ?? e]
		if (!marked.some(m => style(m).fontWeight >= 600 || lined(m))) fault('what is current is told by colour', e)
	}
	for (const e of all('.govuk-form-group--error'))
		if (!e.querySelector('.govuk-error-message')?.textContent.trim() || !(parseFloat(style(e).borderLeftWidth) >= 3)) fault('a field in error without words or bar', e)
	const looks = new Map()
	for (const e of all('main form :is(.govuk-label, .govuk-fieldset__legend, .govuk-input, .govuk-textarea, .govuk-select)')) {
		const words = e.textContent.trim(), look = style(e).color + style(e).borderColor + style(e).fontStyle
		if (e.matches('label, legend') && /\*|required|mandatory|optional/i.test(words.replace(/ \(optional\)$/, ''))) fault('a field that is marked otherwise than others', e)
		if (e.required || e.ariaRequired) fault('a field that is marked for some readers only', e)
		if (looks.has(e.className) && looks.get(e.className) !== look) fault('a field that is told by its colour', e)
		looks.set(e.className, look)
	}
	for (const svg of all('main svg')) {
		const drawn = new Map()
		for (const m of svg.querySelectorAll('circle, rect, path, line, polyline, polygon')) {
			const s = style(m), colour = s.fill === 'none' ? s.stroke : s.fill, size = m.tagName === 'rect' ? '' : m.getAttribute('r') ?? ''
			const shape = [m.tagName, m.getAttribute('d'), size, s.strokeDasharray, s.strokeWidth, s.fill === 'none', s.stroke === 'none', s.fillOpacity, s.opacity].join()
			if (!colour.startsWith('rgb')) continue
			if (drawn.has(shape) && drawn.get(shape) !== colour && contrast(drawn.get(shape), colour) < 3) fault('marks that differ in colour alone', m)
			drawn.set(shape, colour)
		}
	}
	return [...faults].join('\n')
})()`

// fields are a form's, each with what it asks, and whether that says that it need not be answered.
const fields = `
	const fields = form => [...form.querySelectorAll('.govuk-form-group')].filter(g => !g.parentElement.closest('.govuk-form-group') && g.checkVisibility())
	const asks = g => g.querySelector('legend, label')?.textContent.trim() ?? ''
	const optional = g => /\(optional\)$/.test(asks(g))`

// misnamed finds, on a page whose form was sent empty, what had to be answered and says that it is optional, and what says
// nothing and could be left out. What depends on another answer begins with "If".
const misnamed = `(() => {` + fields + `
	return [...document.querySelectorAll('main form[method=post]')].flatMap(fields)
		.filter(g => optional(g) === g.matches('.govuk-form-group--error') && !asks(g).startsWith('If '))
		.map(g => (optional(g) ? 'is needed: ' : 'does not say that it is optional: ') + asks(g)).join('\n')
})()`

// misnamedAsked is the same of forms that ask for a page: what it answers when their boxes are left empty.
const misnamedAsked = `(async () => {` + fields + `
	const faults = [], box = g => g.querySelector('input[type=text]')
	for (const form of document.querySelectorAll('main form[method=get]')) {
		const asked = fields(form).filter(box), query = new URLSearchParams(new FormData(form))
		if (!asked.length) continue
		for (const b of form.querySelectorAll('input[type=text]')) query.set(b.name, '')
		const page = new DOMParser().parseFromString(await (await fetch(form.action + '?' + query)).text(), 'text/html')
		for (const g of asked)
			if (optional(g) === !!page.getElementById(box(g).id)?.closest('.govuk-form-group--error'))
				faults.push((optional(g) ? 'is needed: ' : 'does not say that it is optional: ') + asks(g))
	}
	return faults.join('\n')
})()`

// eitherOr are forms of whose fields any one is needed, as their page says above them.
var eitherOr = []string{"/find"}

// unseen finds what cannot be made out in a reader's own few colours, as Windows' contrast themes have them: a focus that
// is not drawn, a button or box without a line around it, marks of a picture that are too like their ground.
const unseen = `(() => {` + contrast + `
	const faults = new Set(), style = getComputedStyle, all = s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility())
	const fault = (what, e) => faults.add(what + ': ' + e.outerHTML.replace(/\s+/g, ' ').slice(0, 140))
	const outlined = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1
	const seen = new Set(), at = document.activeElement
	for (const e of all('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
		if (seen.has(e.tagName + e.className) || e.disabled) continue
		seen.add(e.tagName + e.className)
		e.focus({preventScroll: true})
		const label = e.labels?.[0]
		if (!outlined(style(e)) && !(label && outlined(style(label, '::before')))) fault('the focus is not seen', e)
	}
	at?.focus?.({preventScroll: true})
	for (const e of all('.govuk-button, .govuk-tag, .govuk-input, .govuk-select, .govuk-textarea, .app-next, .govuk-notification-banner'))
		if (!['Top', 'Right', 'Bottom', 'Left'].some(s => parseFloat(style(e)['border' + s + 'Width']) > 0) && !outlined(style(e))) fault('no line around it', e)
	const ground = e => /, 0\)$/.test(style(e).backgroundColor) && e.parentElement ? ground(e.parentElement) : style(e).backgroundColor
	for (const svg of all('main svg'))
		for (const m of svg.querySelectorAll('circle, rect, path, line, polyline, polygon, text')) {
			const s = style(m), colours = [s.fill, s.stroke].filter(c => c.startsWith('rgb') && !/, 0\)$/.test(c)), g = ground(svg)
			if (m.closest('[fill-opacity], [opacity], defs') || !colours.length) continue
			if (colours.every(c => contrast(c, g) < 1.1)) fault('too like its ground', m)
		}
	return [...faults].join('\n')
})()`

// colourIsNeverAlone looks at a page in its own colours and in a reader's.
func (b walk) colourIsNeverAlone(what string) {
	b.tab.Helper()
	b.finds(what, colourAlone)
	b.finds(what, misnamedAsked)
	b.do(inOwnColours(true))
	b.finds(what+", in forced colours", unseen)
	b.do(inOwnColours(false))
}

// finds runs a script that names faults, a line each.
func (b walk) finds(what, script string) {
	b.tab.Helper()
	for fault := range strings.SplitSeq(read(b.tab, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)), "\n") {
		if fault != "" {
			b.tab.Errorf("%s: %s", what, fault)
		}
	}
}

// inOwnColours draws the pages as a dark contrast theme of the reader's does, or as they are.
func inOwnColours(forced bool) chromedp.Action[chromedp.Void] {
	var features []*emulation.MediaFeature
	if forced {
		features = []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}
	}
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}
