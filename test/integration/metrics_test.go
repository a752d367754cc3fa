//go:build integration

package integration_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/test/env"
)

// token returns a token of a new service account.
func (s *testNamespace) token(name string) string {
	s.t.Helper()
	accounts := clientset.CoreV1().ServiceAccounts(s.namespace)
	if _, err := accounts.Create(s.t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	request, err := accounts.CreateToken(s.t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return request.Status.Token
}

// mayReadMetrics binds a service account to the role that the chart has for it.
func (s *testNamespace) mayReadMetrics(name, role string) {
	s.t.Helper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace + "-" + name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: s.namespace, Name: name}},
	}
	if _, err := clientset.RbacV1().ClusterRoleBindings().Create(s.t.Context(), binding, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := clientset.RbacV1().ClusterRoleBindings().Delete(
			context.WithoutCancel(s.t.Context()), binding.Name, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
	})
}

// askForMetrics returns the status with which a replica answers who has a token; empty for none.
func askForMetrics(t *testing.T, verify *tls.Config, address, token string) (status int, err error) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: verify}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// TestMetricsAreForThoseWhoMayReadThem: with the same certificate as admission's, which the client verifies.
func TestMetricsAreForThoseWhoMayReadThem(t *testing.T) {
	i, s := newTanist(t).serving(), newNamespace(t)
	address := env.UnusedAddress()
	i.startWith(app.Options{
		MetricsAddress: address, MetricsSecure: true, WebhookPort: env.UnusedPort(), CertDir: i.folder, WebhookConfiguration: i.name,
	})
	anybody, prometheus := s.token("anybody"), s.token("prometheus")
	s.mayReadMetrics("prometheus", i.name+"-metrics-reader")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(i.ca)
	verify := &tls.Config{RootCAs: roots, ServerName: "tanist." + i.namespace + ".svc", MinVersion: tls.VersionTLS12}
	for _, test := range []struct {
		what, token string
		want        int
	}{
		{"without a token", "", http.StatusUnauthorized},
		{"without the right", anybody, http.StatusForbidden},
		{"with the right", prometheus, http.StatusOK},
	} {
		history.eventually(t, func() string { // it listens a moment after its caches are synced
			got, err := askForMetrics(t, verify, address, test.token)
			if errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Fatalf("the certificate is not admission's: %v", err)
			}
			// The API server may learn of the right a moment later.
			if err != nil || got == http.StatusForbidden && test.want == http.StatusOK {
				return fmt.Sprintf("an answer %s, got %d, %v", test.what, got, err)
			}
			if got != test.want {
				t.Errorf("the answer %s is %d, want %d", test.what, got, test.want)
			}
			return ""
		})
	}
}
