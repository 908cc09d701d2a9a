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

// ЕСИ says in its answer who it is, by "iss" too (RFC 9207).
if (!query.has('state') && query.has('iss')) {
  FHIR.oauth2.authorize({
    clientId: 'smart-app', redirectUri: location.origin + '/', iss: query.get('iss'),
    scope: 'openid fhirUser launch/patient patient/Patient.rs patient/Condition.rs patient/Encounter.rs'
  }).catch((e) => say('state', `failed: ${e.message}`))
} else {
  FHIR.oauth2.ready().then(show).catch((e) => say('state', `failed: ${e.message}`))
}
