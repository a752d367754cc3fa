package leader

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

// TestAToken: the library shows the token of the file as it is now, to a server that the CA of the other file has certified.
func TestAToken(t *testing.T) {
	f := serve(t, true)
	f.token = "first"
	f.pod = "whatever" // the token says which pod it is
	f.say(leads(10))
	folder := t.TempDir()
	token, ca := filepath.Join(folder, "token"), filepath.Join(folder, "ca.crt")
	write(t, token, "first\n")
	write(t, ca, "")
	l, states := watchWith(t, Options{URL: f.URL, TokenFile: token, CAFile: ca})
	next(t, states, "the CA cannot be read", func(s State) bool { return s.Err != nil })
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
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
