// The validators themselves are tried: what is broken must be found, by each of
// them something, and what the card sends must pass.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { profileFaults } from './profile.mjs'
import { allFaults } from './validate.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const run = (...args) => spawnSync(process.execPath, [join(here, 'validate.mjs'), ...args], { encoding: 'utf8' })
const broken = readdirSync(join(here, 'broken'))

test('every broken example is found out', () => {
  const finders = new Set()
  for (const file of broken) {
    const found = allFaults(JSON.parse(readFileSync(join(here, 'broken', file), 'utf8')))
    assert.ok(found.length > 0, `${file}: no fault found`)
    for (const f of found) finders.add(f.validator)
    console.log(file, [...new Set(found.map((f) => f.validator))].join(' '))
  }
  assert.deepEqual([...finders].sort(), ['fhir', 'json-schema', 'medplum', 'profile'])
})

test('the program fails on what is broken, and says where', () => {
  const result = run(join(here, 'broken'))
  assert.equal(result.status, 1)
  assert.match(result.stdout, new RegExp(`${broken.length} checked, ${broken.length} with faults`))
  assert.match(result.stdout, /patient-gender\.json: Patient\/a: .*gender/)
})

test('the program fails on what it cannot read', () => {
  assert.equal(run(join(here, 'nothing.json')).status, 2)
  assert.equal(run().status, 2)
})

test('the resources of the card pass', () => {
  const result = run(join(here, '../../system/card/internal/fhir/testdata/golden'))
  assert.equal(result.status, 0, result.stdout)
})

// What an example shows is missed when it is another: the profiles count.
test('an example that breaks the profile it names is found out', () => {
  const folder = join(here, '../../docs/fhir/examples')
  const breaks = [
    ['patient', '"21209196000217"', '"212091960002170"', /longer than 14/],
    ['patient', '"Organization/950174"', '"Practitioner/950174"', /leads to a Practitioner/],
    ['encounter', '"code": "final"', '"code": "last"', /no code of/],
    ['encounter', '"valueCode": "improved"', '"valueCode": "better"', /no code of/],
    ['condition-final', 'http://hl7.org/fhir/sid/icd-10', 'http://hl7.org/fhir/sid/icd-9', /is not/],
    ['consent', '"code": "operation"', '"code": "anything"', /no code of/],
    ['coverage', '"PUBLICPOL"', '"SELFPAY"', /is not/],
    ['composition-exchange-card', '"57060-6"', '"11503-0"', /no code of/],
    ['location-bed', 'StructureDefinition/bed"', 'StructureDefinition/stay"', /is of a Encounter/],
    ['location-bed', 'StructureDefinition/bed"', 'StructureDefinition/nothing"', /there is no profile/],
  ]
  for (const [file, from, to, what] of breaks) {
    const whole = readFileSync(join(folder, `${file}.json`), 'utf8')
    assert.ok(whole.includes(from), `${file} has no ${from}`)
    assert.deepEqual(profileFaults(JSON.parse(whole)), [], file)
    const found = profileFaults(JSON.parse(whole.replaceAll(from, to)))
    assert.ok(found.some((f) => what.test(f.what)), `${file} with ${to}: ${JSON.stringify(found)}`)
  }
})
