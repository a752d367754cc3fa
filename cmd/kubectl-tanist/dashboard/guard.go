package dashboard

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// address is where the page is. Its path begins with a secret, so that other users of this machine, and pages of other origins, cannot read
// what the user may read.
type address struct {
	listener net.Listener
	token    string
}

func newAddress(listener net.Listener) address {
	return address{listener, rand.Text()}
}

func (a address) url() string {
	return "http://" + a.listener.Addr().String() + "/" + a.token + "/"
}

// policy lets the page load what this program serves, and nothing else. It runs no script that comes from the cluster: the page may not turn
// text into markup, inline scripts do not run, and no other page may frame this one.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard answers requests that have the token, and that were sent to this machine by its own name. Without the second, a page whose name was
// rebound to 127.0.0.1 would be of the same origin as the dashboard.
func guard(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for key, value := range map[string]string{
			"Content-Security-Policy":      policy,
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer", // the address is the secret
			"X-Content-Type-Options":       "nosniff",
			"Cache-Control":                "no-store",
		} {
			w.Header().Set(key, value)
		}
		if !isLocal(r.Host) {
			http.Error(w, "the dashboard is at 127.0.0.1 and localhost only", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "the dashboard changes nothing", http.StatusMethodNotAllowed)
			return
		}
		given, _, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !found || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.Error(w, "open the whole address that kubectl tanist dashboard has printed", http.StatusNotFound)
			return
		}
		http.StripPrefix("/"+token, next).ServeHTTP(w, r)
	})
}

// isLocal reports whether a Host header names this machine. The port may be that of a tunnel.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || strings.EqualFold(host, "localhost")
}
