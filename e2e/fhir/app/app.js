// An app of SMART on FHIR with the public client library, as its author would
// write it: ?iss= begins the launch, ЕСИ leads back here.
const query = new URL(location.href).searchParams
const say = (id, text) => { document.getElementById(id).textContent = text }
const list = (text) => {
  const item = document.createElement('li')
  item.textContent = text
  document.getElementById('list').append(item)
}

async function show(client) {
  const patient = await client.patient.read()
  say('name', patient.name[0].text)
  document.body.dataset.patient = client.patient.id
  document.body.dataset.user = client.user.fhirUser
  document.body.dataset.scope = client.state.tokenResponse.scope
  const conditions = await client.patient.request('Condition', { flat: true, pageLimit: 0 })
  for (const c of conditions) list(`${c.code.coding[0].code} ${c.code.text}`)
  // What the person did not allow is refused.
  await client.patient.request('Procedure').then(() => list('Procedure: open'), (e) => list(`Procedure: ${e.status ?? e.statusCode}`))
  // The record of somebody else is not there.
  const others = await client.request('Patient', { flat: true })
  document.body.dataset.patients = others.length
  say('state', 'ready')
}

// An app of a doctor: it writes what a device measured, and changes it.
async function write(client) {
  document.body.dataset.scope = client.state.tokenResponse.scope
  const send = (method, url, body, headers) => client.request({
    method, url, body: JSON.stringify(body), headers: { 'content-type': 'application/fhir+json', ...headers }, includeResponse: true
  }).then(({ body, response }) => ({ status: response.status, etag: response.headers.get('etag'), body }), (e) => ({ status: e.status ?? e.statusCode }))
  const [patient] = await client.request('Patient?_count=1', { flat: true })
  const subject = { reference: `Patient/${patient.id}` }
  const measured = {
    resourceType: 'Observation', status: 'final', subject, identifier: [{ system: 'urn:app', value: '1' }],
    code: { text: 'SpO2', coding: [{ system: 'http://loinc.org', code: '59408-5' }] }, valueQuantity: { value: 97, unit: '%' }
  }
  const made = await send('POST', 'Observation', measured)
  list(`create: ${made.status} ${made.etag}`)
  const at = `Observation/${made.body.id}`
  const better = { ...made.body, status: 'amended', valueQuantity: { value: 98, unit: '%' } }
  const changed = await send('PUT', at, better, { 'if-match': made.etag })
  list(`update: ${changed.status} ${changed.etag}`)
  list(`update of what has changed: ${(await send('PUT', at, { ...better, status: 'final' }, { 'if-match': made.etag })).status}`)
  const again = await send('POST', 'Observation', measured, { 'if-none-exist': 'identifier=urn:app|1' })
  list(`conditional create: ${again.status} ${again.body?.id === made.body.id ? 'the same' : 'another'}`)
  list(`read: ${(await client.request(at)).valueQuantity.value}`)
  list(`without the scope: ${(await send('POST', 'Condition', { resourceType: 'Condition', subject, code: { text: 'x' } })).status}`)
  list(`about nobody: ${(await send('POST', 'Observation', { ...measured, subject: undefined })).status}`)
  say('state', 'ready')
}

// ЕСИ says in its answer who it is, by "iss" too (RFC 9207).
if (!query.has('state') && query.has('iss')) {
  FHIR.oauth2.authorize({
    clientId: 'smart-app', redirectUri: location.origin + '/', iss: query.get('iss'),
    scope: query.has('staff') ? 'openid fhirUser user/Patient.rs user/Observation.crus' : 'openid fhirUser launch/patient patient/Patient.rs patient/Condition.rs patient/Encounter.rs'
  }).catch((e) => say('state', `failed: ${e.message}`))
} else {
  FHIR.oauth2.ready().then((client) => client.state.scope.includes('user/') ? write(client) : show(client)).catch((e) => say('state', `failed: ${e.message}`))
}
