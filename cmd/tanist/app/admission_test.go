package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	certutil "k8s.io/client-go/util/cert"

	"github.com/tanist-dev/tanist/test/env"
)

// host is the name in the certificates of the tests.
const host = "tanist.tanist-system.svc"

// serving is a directory with a certificate, laid out as the kubelet lays out a Secret. The files are links into a directory that is
// itself a link, which one rename points to the next version.
type serving struct {
	t       *testing.T
	folder  string
	version int
	// roots trust every version.
	roots *x509.CertPool
}

func newServing(t *testing.T) *serving {
	t.Helper()
	s := &serving{t: t, folder: t.TempDir(), roots: x509.NewCertPool()}
	s.renew()
	for _, file := range []string{certFile, keyFile} {
		s.must(os.Symlink(filepath.Join("..data", file), filepath.Join(s.folder, file)))
	}
	return s
}

// renew replaces the certificate by one of another CA, and returns it.
func (s *serving) renew() *x509.Certificate {
	s.t.Helper()
	certificate, key, err := certutil.GenerateSelfSignedCertKey(host, nil, nil)
	s.must(err)
	all, err := certutil.ParseCertsPEM(certificate)
	s.must(err)
	s.roots.AddCert(all[len(all)-1])

	s.version++
	name := fmt.Sprintf("..version-%d", s.version)
	s.must(os.Mkdir(filepath.Join(s.folder, name), 0o700))
	s.must(os.WriteFile(filepath.Join(s.folder, name, certFile), certificate, 0o600))
	s.must(os.WriteFile(filepath.Join(s.folder, name, keyFile), key, 0o600))
	s.must(os.Symlink(name, filepath.Join(s.folder, "..next")))
	s.must(os.Rename(filepath.Join(s.folder, "..next"), filepath.Join(s.folder, "..data")))
	if s.version > 1 {
		s.must(os.RemoveAll(filepath.Join(s.folder, fmt.Sprintf("..version-%d", s.version-1))))
	}
	return all[0]
}

func (s *serving) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// patience is the timeout of what usually takes milliseconds, on one busy core. The watcher reads the files every ten seconds, in case it
// misses a change.
const patience = 2 * time.Minute

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	files := newServing(t)
	options := Options{WebhookPort: env.UnusedPort(), CertDir: files.folder}
	admission, err := newAdmission(options)
	if err != nil {
		t.Fatal(err)
	}
	server, err := admission.newServer(options.WebhookPort, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- server.Start(ctx) }()
	go func() { ended <- admission.files.Start(ctx) }()
	defer func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("serving ended: %v", err)
			}
		}
	}()
	if err := admission.certified(nil); err != nil {
		t.Errorf("with a certificate: %v", err)
	}

	address := fmt.Sprintf("127.0.0.1:%d", options.WebhookPort)
	handshakes := 0
	// served does a TLS handshake, as the API server does for a call.
	served := func() *x509.Certificate {
		handshakes++
		connection, err := tls.Dial("tcp", address, &tls.Config{ServerName: host, RootCAs: files.roots})
		if err != nil {
			t.Fatalf("handshake %d failed: %v", handshakes, err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0]
	}
	old := served()
	for range 3 {
		renewed := files.renew()
		if renewed.Equal(old) {
			t.Fatal("it was not renewed")
		}
		await(t, "the renewed certificate", func() bool { return served().Equal(renewed) })
		old = renewed
	}
}

// await polls a condition that no channel reports.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for ; !holds(); <-time.After(100 * time.Millisecond) { // the server limits how often an address connects
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", patience, what)
		}
	}
}

func TestACertificateThatCannotBeServed(t *testing.T) {
	const wantPrefix = "failed to load the serving certificate: --cert-dir=FOLDER must hold tls.crt and tls.key, " +
		"or --webhook-port=0 does without admission: "
	cases := map[string]struct {
		files []string // without a certificate in them
		want  string
	}{
		"there is none":   {want: "open FOLDER/tls.crt: no such file or directory"},
		"the key is away": {files: []string{certFile}, want: "open FOLDER/tls.key: no such file or directory"},
		"it is not PEM":   {files: []string{certFile, keyFile}, want: "tls: failed to find any PEM data in certificate input"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for _, file := range test.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			options := Options{Namespace: "tanist-system", MetricsAddress: "0", HealthAddress: "0", WebhookPort: env.UnusedPort(), CertDir: folder}
			_, err := New(t.Context(), nowhere(), options, Telemetry{Registerer: prometheus.NewRegistry()})
			if want := strings.ReplaceAll(wantPrefix+test.want, "FOLDER", folder); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
