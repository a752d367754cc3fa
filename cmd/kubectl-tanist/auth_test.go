package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withUser writes a kubeconfig whose user has an auth-provider, and returns its name. Without TLS, no credentials are sent.
func withUser(t *testing.T, server, authProvider string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: it
clusters: [{name: it, cluster: {server: %q, insecure-skip-tls-verify: true}}]
contexts: [{name: it, context: {cluster: it, user: me}}]
users: [{name: me, user: {auth-provider: %s}}]
`, server, authProvider)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAuthProviders checks that a kubeconfig with an auth-provider does what it does in kubectl.
func TestAuthProviders(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"iss":"https://issuer.example.com","exp":253402300799}`)) + ".none"
	var authorization string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	for name, test := range map[string]struct {
		provider string
		// want is a part of the error, and wantHeader how the user is known to the API server.
		want, wantHeader string
	}{
		"OpenID Connect": {
			fmt.Sprintf("{name: oidc, config: {client-id: kubectl, idp-issuer-url: 'https://issuer.example.com', id-token: %q}}", token),
			"failed to list Services", "Bearer " + token,
		},
		"a provider that client-go has removed": {"{name: gcp}", "The gcp auth plugin has been removed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			authorization = ""
			_, err := run(t, "explain", "web", "--kubeconfig", withUser(t, server.URL, test.provider))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if authorization != test.wantHeader {
				t.Errorf("the API server got %q, want %q", authorization, test.wantHeader)
			}
		})
	}
}
