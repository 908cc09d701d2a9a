// Package access tells who asks and what they may: a token of ЕСИ, its SMART
// scopes, the posts of the person behind it. The reach of a caller is the part
// of the card that the token opens.
package access
