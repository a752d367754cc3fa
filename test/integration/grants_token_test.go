//go:build integration

package integration_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	certutil "k8s.io/client-go/util/cert"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leader"
	"github.com/tanist-dev/tanist/test/env"
)

// tokenServer is a replica that pods ask with tokens.
type tokenServer struct {
	plain, secure string
	folder        string
}

func (i *tanist) withTokens() *tokenServer {
	i.t.Helper()
	served := &tokenServer{folder: i.t.TempDir()}
	certificate, key, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	served.write(i.t, "tls.crt", string(certificate))
	served.write(i.t, "tls.key", string(key))
	plain, secure := env.UnusedAddress(), env.UnusedAddress()
	served.plain, served.secure = "http://"+plain, "https://"+secure
	i.startWith(app.Options{
		GrantsAddress: plain, GrantsTLSAddress: secure, WebhookPort: env.UnusedPort(), CertDir: served.folder, WebhookConfiguration: i.namespace + "-tanist",
	})
	return served
}

func (s *tokenServer) path(name string) string { return filepath.Join(s.folder, name) }

func (s *tokenServer) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask returns the status with which a token is answered. It asks for news: a grant would be one of another session, of which the leader cannot step down.
func (s *tokenServer) ask(t *testing.T, url, token string) int {
	t.Helper()
	pem, err := os.ReadFile(s.path("tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/me?wait=1ms", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// appAccount is the service account of the pods.
const appAccount = "app"

func (s *testNamespace) withAccount() {
	s.t.Helper()
	if _, err := clientset.CoreV1().ServiceAccounts(s.namespace).Create(s.t.Context(), &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: appAccount},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// withHostPod creates a ready pod in the host network. All have the address of the same node.
func (s *testNamespace) withHostPod(service, name string) *corev1.Pod {
	s.t.Helper()
	s.withPod(service, name, func(pod *corev1.Pod) { pod.Spec.HostNetwork, pod.Spec.ServiceAccountName = true, appAccount })
	return s.status(name, fmt.Sprintf(`{"phase":"Running","podIP":"192.0.2.7","podIPs":[{"ip":"192.0.2.7"}],`+
		`"conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}`, now()))
}

// podToken returns a token of the pods' account for an audience, bound to a pod, or, without one, to nothing.
func (s *testNamespace) podToken(pod *corev1.Pod, audience string) string {
	s.t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	if pod != nil {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID}
	}
	made, err := clientset.CoreV1().ServiceAccounts(s.namespace).CreateToken(s.t.Context(), appAccount, request, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to get token: %v", err)
	}
	return made.Status.Token
}

func TestGrantsWithTokens(t *testing.T) {
	installation := newTanist(t)
	installation.tune("grant: {duration: 5s}") // so long that what comes earlier was not waited for
	served := installation.withTokens()
	s := newNamespace(t)
	s.withAccount()
	s.withService("web", func(service *corev1.Service) { service.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack) })
	contend := func(pod *corev1.Pod) *contender {
		served.write(t, "token-"+pod.Name, s.podToken(pod, "tanist"))
		return s.contend(leader.Options{URL: served.secure, Service: "web", TokenFile: served.path("token-" + pod.Name), CAFile: served.path("tls.crt")})
	}
	podA := s.withHostPod("web", "a")
	s.leads("web", "a")
	a := contend(podA)
	first := a.await(t)

	podB := s.withHostPod("web", "b")
	b := contend(podB)
	tokenA := s.podToken(podA, "tanist")
	for what, test := range map[string]struct {
		url, token string
		want       int
	}{
		"the leader's":               {served.secure, tokenA, http.StatusOK},
		"another pod's":              {served.secure, s.podToken(podB, "tanist"), http.StatusOK},
		"one over plain HTTP":        {served.plain, tokenA, http.StatusUnauthorized},
		"one for the API server":     {served.secure, s.podToken(podA, "https://kubernetes.default.svc"), http.StatusUnauthorized},
		"one of no pod":              {served.secure, s.podToken(nil, "tanist"), http.StatusUnauthorized},
		"what is none":               {served.secure, "x", http.StatusUnauthorized},
		"none, from the host":        {served.secure, "", http.StatusUnauthorized},
		"one of another namespace's": {served.secure, elsewhere(t), http.StatusForbidden},
	} {
		if got := served.ask(t, test.url, test.token); got != test.want {
			t.Errorf("%s token is answered %d, want %d", what, got, test.want)
		}
	}

	s.terminate("a")
	s.leads("web", "b")
	moved := time.Now()
	if err := a.StepDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := b.await(t, first)
	if took := time.Since(moved); took > 4*time.Second || second.Term <= first.Term {
		t.Errorf("after the step-down the next leader got a grant after %s, for term %d after %d", took, second.Term, first.Term)
	}

	// The token is remembered. The pod is gone all the same, and another one has its name.
	s.kill("a")
	s.withHostPod("web", "a")
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, waitTimeout, true, func(context.Context) (bool, error) {
		return served.ask(t, served.secure, tokenA) == http.StatusForbidden, nil
	}); err != nil {
		t.Errorf("the token of a pod that is gone still counts: %v", err)
	}
}

// elsewhere returns the token of a pod in a namespace that has not opted in.
func elsewhere(t *testing.T) string {
	t.Helper()
	s := newNamespace(t, config.EnabledKey+"=false")
	s.withAccount()
	pod := s.withHostPod("web", "a")
	return s.podToken(pod, "tanist")
}
