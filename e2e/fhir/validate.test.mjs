// The validators themselves are tried: what is broken must be found, by each of
// them something, and what the card sends must pass.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
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
  assert.deepEqual([...finders].sort(), ['fhir', 'json-schema', 'medplum'])
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
