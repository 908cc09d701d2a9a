// Checks a resource against the profiles of ours that it says it keeps to
// (meta.profile), as docs/fhir has them. It knows what their differentials use:
// numbers, slices, patterns, fixed values, lengths, types, references, required
// codes.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const canonical = 'https://sanarip.kg/fhir/'
const base = 'http://hl7.org/fhir/StructureDefinition/'
const icd10 = canonical + 'ValueSet/icd-10' // its codes are the card's table

let known
function shelf() {
  if (known) return known
  const folder = fileURLToPath(new URL('../../docs/fhir', import.meta.url))
  const all = readdirSync(folder)
    .filter((f) => f.endsWith('.json'))
    .map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')))
  const systems = new Map(all.filter((d) => d.resourceType === 'CodeSystem').map((d) => [d.url, d.concept]))
  const codes = new Map()
  const profiles = new Map()
  for (const d of all) {
    if (d.resourceType === 'StructureDefinition') profiles.set(d.url, { type: d.type, root: tree(d.differential.element) })
    if (d.resourceType === 'ValueSet') {
      codes.set(d.url, d.compose.include.flatMap((i) => (i.concept ?? systems.get(i.system) ?? []).map((c) => `${i.system}|${c.code}`)))
    }
  }
  known = { profiles, codes }
  return known
}

const part = (name) => ({ name, def: {}, below: [], slices: [] })
function child(list, name) {
  let c = list.find((one) => one.name === name)
  if (!c) list.push((c = part(name)))
  return c
}
function tree(elements) {
  const root = part('')
  for (const def of elements.slice(1)) {
    let at = root
    for (const step of def.id.split('.').slice(1)) {
      const [name, slice] = step.split(':')
      at = child(at.below, name)
      if (slice) at = child(at.slices, slice)
    }
    at.def = def
  }
  return root
}

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v)
function values(o, name) {
  const choice = name.endsWith('[x]')
  const bare = choice ? name.slice(0, -3) : name
  const keys = Object.keys(o).filter((k) => (choice ? k.startsWith(bare) && /^[A-Z]/.test(k.slice(bare.length)) : k === bare))
  return { keys, all: keys.flatMap((k) => o[k]), bare }
}
const wanted = (def) => Object.entries(def).find(([k]) => /^(pattern|fixed)/.test(k))?.[1]
function fits(pattern, v) {
  if (Array.isArray(pattern)) return Array.isArray(v) && pattern.every((p) => v.some((one) => fits(p, one)))
  if (isObject(pattern)) return isObject(v) && Object.entries(pattern).every(([k, p]) => fits(p, v[k]))
  return pattern === v
}
function belongs(list, slice, v) {
  return list.def.slicing.discriminator.every(({ path }) => {
    if (path === '$this') return fits(wanted(slice.def), v)
    if (!isObject(v)) return false
    if (path === 'url') return v.url === slice.def.type[0].profile[0]
    return fits(wanted(slice.below.find((c) => c.name === path).def), v[path])
  })
}

// Faults of the resource: [{where, what}].
export function profileFaults(resource) {
  const { profiles, codes } = shelf()
  const found = []
  const fault = (where, what) => found.push({ where, what })

  const count = (def, n, at) => {
    if (n < (def.min ?? 0)) fault(at, `${n}, at least ${def.min}`)
    if (def.max && def.max !== '*' && n > Number(def.max)) fault(at, `${n}, at most ${def.max}`)
  }
  const value = (p, v, at) => {
    const want = wanted(p.def)
    if (want !== undefined && !fits(want, v)) fault(at, `is not ${JSON.stringify(want)}`)
    if (p.def.maxLength && [...String(v)].length > p.def.maxLength) fault(at, `longer than ${p.def.maxLength}`)
    const set = p.def.binding?.valueSet
    if (set && set !== icd10) {
      const all = codes.get(set) ?? []
      const ok = isObject(v) ? (v.coding ?? [v]).some((c) => all.includes(`${c.system}|${c.code}`)) : all.some((c) => c.endsWith(`|${v}`))
      if (!ok) fault(at, `has no code of ${set}`)
    }
    for (const t of p.def.type ?? []) {
      if (!isObject(v)) continue
      if (t.targetProfile && (v.reference || v.type)) {
        const kind = v.reference?.includes('/') && !v.reference.startsWith('urn:') ? v.reference.split('/').at(-2) : v.type
        const types = t.targetProfile.map((one) => profiles.get(one)?.type ?? one.replace(base, ''))
        if (kind && !types.includes(kind)) fault(at, `leads to a ${kind}`)
      }
      for (const one of t.profile ?? []) check(one, v, at)
    }
    if (isObject(v)) object(p, v, at)
    else if (p.below.length > 0) fault(at, 'is no object')
  }
  const object = (p, o, at) => {
    for (const c of p.below) {
      const { keys, all, bare } = values(o, c.name)
      const here = `${at}.${c.name}`
      count(c.def, all.length, here)
      if (c.name.endsWith('[x]') && c.def.type) {
        for (const k of keys) {
          const kind = k.slice(bare.length).toLowerCase()
          if (!c.def.type.some((t) => t.code.toLowerCase() === kind)) fault(here, `may not be a ${kind}`)
        }
      }
      const counts = new Map(c.slices.map((s) => [s, 0]))
      for (const v of all) {
        value(c, v, here)
        const slice = c.slices.find((s) => belongs(c, s, v))
        if (slice) {
          counts.set(slice, counts.get(slice) + 1)
          value(slice, v, `${here}:${slice.name}`)
        }
      }
      for (const [s, n] of counts) count(s.def, n, `${here}:${s.name}`)
    }
  }
  const check = (address, o, at) => {
    const profile = profiles.get(address)
    if (!profile) fault(at, `there is no profile ${address}`)
    else if (profile.type !== (o.resourceType ?? 'Extension')) fault(at, `${address} is of a ${profile.type}`)
    else object(profile.root, o, at)
  }
  for (const address of [resource.meta?.profile ?? []].flat()) {
    if (String(address).startsWith(canonical)) check(address, resource, resource.resourceType)
  }
  return found
}
