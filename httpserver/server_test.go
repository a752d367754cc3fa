package httpserver

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	certutil "k8s.io/client-go/util/cert"
)

// TestAPanicIsLoggedAndAClientsMistakeIsNot: anybody can make a client that makes mistakes, as many as it likes.
func TestAPanicIsLoggedAndAClientsMistakeIsNot(t *testing.T) {
	var lines []string
	log := errorLog{funcr.New(func(_, line string) { lines = append(lines, line) }, funcr.Options{})}
	for _, message := range []string{"http: TLS handshake error from 10.0.0.1:4000: EOF\n", "http: panic serving 10.0.0.1:4000: nil\n"} {
		if n, err := log.Write([]byte(message)); n != len(message) || err != nil {
			t.Errorf("wrote %d bytes (%v)", n, err)
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "panic serving") {
		t.Errorf("got %q, want a line for the panic alone", lines)
	}
}

// TestAnAbortedConnectionEnds: with HTTP/2, every other request over it ends too.
func TestAnAbortedConnectionEnds(t *testing.T) {
	both := make(chan struct{}, 2)
	server, err := New(Options{Name: "test", Address: "127.0.0.1:0", Connections: 10, ConnectionsEach: 10, TLS: selfSigned(t),
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			both <- struct{}{}
			if r.URL.Path == "/waits" {
				<-r.Context().Done()
				return
			}
			Abort(r.Context())
		})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving ended: %v", err)
		}
	}()

	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	ask := func(path string) error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+server.Listener.Addr().String()+path, http.NoBody)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	waits := make(chan error, 1)
	go func() { waits <- ask("/waits") }()
	<-both
	if err := ask("/aborts"); err == nil {
		t.Error("the request was answered")
	}
	if err := <-waits; err == nil {
		t.Error("the other request was answered")
	}
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	certificate, key, err := certutil.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{pair}}
}
