package passkey

import _ "embed"

// script is that of the forms. It holds nothing of anybody.
//
//go:embed passkey.js
var script []byte
