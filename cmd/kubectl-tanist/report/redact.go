package report

import (
	"bytes"
	"regexp"
)

// leftOut stands for what was there.
const leftOut = "<left out>"

// patterns are secrets that can be recognised in any text.
var patterns = []struct {
	match *regexp.Regexp
	with  string
}{
	// The secret in the path of a webhook, as in config.SplitAdmissionPath.
	{regexp.MustCompile(`/[a-z0-9]{32,63}(/(?:validate|mutate)-)`), "/" + leftOut + "$1"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}`), "$1 " + leftOut},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), leftOut}, // a JSON Web Token
	// In JSON, the line ends of a PEM block are the letters \n.
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?`), leftOut},
	{regexp.MustCompile(`(://)[^/\s:@"]+:[^/\s@"]+@`), "$1" + leftOut + "@"}, // a password in a URL
	{regexp.MustCompile(`(?i)\b(token|password|passwd|secret|api[_-]?key)=[^\s&"',;<]+`), "$1=" + leftOut},
}

// redactor replaces secrets in a text.
type redactor struct {
	// known are the secrets that were read from the webhook configurations.
	known []string
}

// know adds a secret that is replaced wherever it stands.
func (r *redactor) know(secret string) {
	if secret != "" {
		r.known = append(r.known, secret)
	}
}

func (r *redactor) redact(text []byte) []byte {
	for _, secret := range r.known {
		text = bytes.ReplaceAll(text, []byte(secret), []byte(leftOut))
	}
	for _, p := range patterns {
		text = p.match.ReplaceAll(text, []byte(p.with))
	}
	return text
}
