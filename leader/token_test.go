package leader

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestAToken: the library shows the token of the file as it is now, to a server that the CA of the other file has certified.
func TestAToken(t *testing.T) {
	f := newTanist()
	f.token = "first"
	f.pod = "whatever" // the token says which pod it is
	f.say(func(s *service) {
		leads(10)(s)
		s.ValidForMilliseconds = 1000 // so that it asks again soon
	})
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the client that trusts another CA
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	folder := t.TempDir()
	token, ca := filepath.Join(folder, "token"), filepath.Join(folder, "ca.crt")
	write(t, token, "first\n")
	write(t, ca, "")
	l, err := New(Options{URL: server.URL, TokenFile: token, CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	states := statesOf(t, l)
	next(t, states, "the CA cannot be read", func(s State) bool { return s.Err != nil })
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	next(t, states, "the pod has a grant", State.Valid)
	f.mu.Lock()
	f.token = "second"
	f.mu.Unlock()
	next(t, states, "the old token is refused", func(s State) bool { return s.Err != nil })
	write(t, token, "second\n")
	next(t, states, "the new one is shown", func(s State) bool { return s.Valid() && s.Err == nil })
	if err := l.StepDown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestATokenNeedsTLS(t *testing.T) {
	_, err := New(Options{URL: "http://tanist", TokenFile: "/token"})
	const want = "Options.URL or TANIST_GRANTS_URL=http://tanist: must begin with https:// when there is a token, which others could read otherwise"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// write replaces a file at once, as the kubelet does.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
