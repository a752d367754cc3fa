package examples_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// required makes tests fail that are skipped otherwise where a program is not installed.
const required = "TANIST_REQUIRE_SAMPLES"

// needs skips a test where a program is not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, program+" is not installed")
		}
	}
}

// skip skips a test, or lets it fail if it is required.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv(required) != "" {
		t.Fatalf("%s, and %s is set", why, required)
	}
	t.Skipf("%s; with %s set, this fails", why, required)
}

// validFor is how long a grant lasts. It is long, so that a sample which gets no processor for a while still has one from which to step down.
const validFor = time.Minute

// grants answers as Tanist does.
type grants struct {
	mu sync.Mutex
	// pod is the pod that is answered, and term its term; 0 if another leads.
	pod  string
	term int64
	// refused has the addresses that requests come from which are refused; nil if none are.
	refused chan string
	// stepDowns has the queries of step-downs.
	stepDowns chan string
}

func (g *grants) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.Method == http.MethodPost {
		g.stepDowns <- r.URL.RawQuery
		_ = json.NewEncoder(w).Encode(map[string]bool{"released": true})
		return
	}
	service := map[string]any{"service": "db", "leaderService": "db-leader", "leads": false, "leader": "db-1", "term": 15}
	if g.refused != nil {
		g.refused <- r.RemoteAddr
		service = map[string]any{"service": "db", "leaderService": "db-leader", "leads": true, "leader": "db-0", "term": 10, "refused": "Settling", "retryAfterMilliseconds": 2200}
	} else if g.term != 0 {
		service = map[string]any{"service": "db", "leaderService": "db-leader", "leads": true, "leader": "db-0", "term": g.term, "validForMilliseconds": validFor.Milliseconds()}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"namespace": "shop", "pod": g.pod, "uid": "u", "version": "1", "services": []any{service},
	})
}

func (g *grants) set(pod string, term int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pod, g.term = pod, term
}

// refuse refuses two requests, which must come by connections of their own: behind another one there may be a replica that grants.
func (g *grants) refuse(t *testing.T) {
	t.Helper()
	refused := make(chan string, 1000)
	g.mu.Lock()
	g.refused = refused
	g.mu.Unlock()
	if first, second := <-refused, <-refused; first == second {
		t.Errorf("it asks again by the same connection, from %s", first)
	}
	g.mu.Lock()
	g.refused = nil
	g.mu.Unlock()
}

// TestSamples checks that the samples act as the leader only with a grant for this pod, and that those which step down do.
func TestSamples(t *testing.T) {
	cases := map[string]struct {
		command []string
		needs   []string
		// stepsDown is whether it does so when the leader has moved, and when it is told to stop.
		stepsDown bool
	}{
		"shell":  {command: []string{"grants/leader.sh", "sh", "-c", `echo "leading with term $TANIST_TERM"`}, needs: []string{"sh", "curl", "timeout"}},
		"Python": {command: []string{"python3", "grants/leader.py"}, needs: []string{"python3"}, stepsDown: true},
		"Java":   {command: []string{"java", "grants/Leader.java"}, needs: []string{"java", "javac"}, stepsDown: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			needs(t, test.needs...)
			said := &grants{stepDowns: make(chan string, 100)}
			said.set("db-1", 5) // a grant, of another pod
			server := httptest.NewServer(said)
			t.Cleanup(server.Close)
			lines, stop := run(t, server.URL, test.command...)
			// It has asked before it acts, so that it has seen the answer about another pod.
			said.set("db-0", 10)
			await(t, lines, "leading with term 10")
			said.refuse(t)
			said.set("db-0", 0)
			if test.stepsDown {
				said.awaitStepDown(t, "term=10")
			}
			said.set("db-0", 20)
			await(t, lines, "leading with term 20")
			stop()
			if test.stepsDown {
				said.awaitStepDown(t, "term=20")
			} else if len(said.stepDowns) > 0 {
				t.Errorf("it steps down with %q", <-said.stepDowns)
			}
		})
	}
}

// awaitStepDown waits for a step-down. It must be the next one, and with this term.
func (g *grants) awaitStepDown(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-g.stepDowns:
		if !strings.Contains(got, want) {
			t.Errorf("it steps down with %q, want %s", got, want)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("it never steps down with %s", want)
	}
}

// run runs a sample as the pod db-0, until stop is called.
func run(t *testing.T, url string, command ...string) (lines <-chan string, stop func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TANIST_GRANTS_URL="+url, "TANIST_SERVICE=db", "TANIST_POD=db-0")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 10_000)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			found <- scanner.Text()
		}
	}()
	stop = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-read:
		case <-time.After(2 * time.Minute):
			t.Error("it goes on although it was told to stop")
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-read
		}
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return found, stop
}

// await waits for a line. Until then the sample must not act with the grant of another pod.
func await(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	giveUp := time.After(2 * time.Minute)
	for {
		select {
		case line := <-lines:
			if line == want {
				return
			}
			if strings.HasSuffix(line, "term 5") {
				t.Fatal("it acts with the grant of another pod")
			}
		case <-giveUp:
			t.Fatalf("it never says %q", want)
		}
	}
}
