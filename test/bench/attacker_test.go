//go:build bench

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/time/rate"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// attackVariable makes this program attack, in a process of its own: what the attack costs the attacker must not delay the test's watches.
// It has what the attacker knows, as JSON.
const attackVariable = "TANIST_BENCH_ATTACK"

// attackerKnows is what an attacker knows. Anybody can learn it, except the kubeconfig.
type attackerKnows struct {
	Attack string
	// Webhooks and Metrics are a replica's addresses.
	Webhooks, Metrics string
	// Kubeconfig is the attacker's own, with rights in the namespace alone; empty for who has none.
	Kubeconfig, Namespace string
	// Victim is a namespace with a pod that leads.
	Victim, Pod string
	// Node is where the attacker's pods run.
	Node string
	// Rate is how many calls it begins in a second; 0 for as many as it can.
	Rate float64
}

// tally is what an attacker has sent.
type tally struct {
	// Calls are all that ended before the attack did. Refused are those of them that were answered with an error, or not at all.
	Calls, Refused int64
}

// attacker is an attack under way.
type attacker struct {
	attackerKnows
	client         kubernetes.Interface
	pace           *rate.Limiter
	calls, refused atomic.Int64
}

// count counts a call that has ended.
func (a *attacker) count(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // it did not end, the attack did
	}
	a.calls.Add(1)
	if err != nil {
		a.refused.Add(1)
	}
}

// repeat calls f with 0, 1, 2 and so on, some calls at a time, until the attack ends.
func (a *attacker) repeat(ctx context.Context, atATime int, f func(ctx context.Context, i int) error) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range atATime {
		group.Go(func() {
			for a.pace.Wait(ctx) == nil {
				a.count(ctx, f(ctx, int(next.Add(1))-1))
			}
		})
	}
	group.Wait()
}

// attackHere attacks until standard input ends, and then prints the tally.
func attackHere(t *testing.T, knows string) {
	a := &attacker{}
	if err := json.Unmarshal([]byte(knows), &a.attackerKnows); err != nil {
		t.Fatal(err)
	}
	if a.Kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", a.Kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		config.QPS = -1
		a.client = kubernetes.NewForConfigOrDie(config)
	}
	a.pace = rate.NewLimiter(rate.Inf, 1)
	if a.Rate > 0 {
		a.pace.SetLimit(rate.Limit(a.Rate))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	attack := attackNamed(a.Attack)
	if attack.prepare != nil {
		if err := attack.prepare(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	in := bufio.NewReader(os.Stdin)
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, in) // until the end
		stop()
	}()
	attack.act(ctx, a)
	if err := json.NewEncoder(os.Stdout).Encode(tally{Calls: a.calls.Load(), Refused: a.refused.Load()}); err != nil {
		t.Fatal(err)
	}
}

// process is an attacker's process.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startAttacker starts the process and returns when it has prepared the attack.
func startAttacker(t *testing.T, knows attackerKnows) *process {
	t.Helper()
	encoded, err := json.Marshal(knows)
	if err != nil {
		t.Fatal(err)
	}
	// An attacker has a machine of its own. Here it takes only CPU time that nobody else wants, so what neighbours notice is what the replica
	// and the API server do about the attack.
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), "chrt", "--idle", "0", os.Args[0], "-test.run=^TestAttacks$", "-test.timeout=0")}
	// It knows no other credentials.
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "KUBECONFIG=") {
			p.cmd.Env = append(p.cmd.Env, variable)
		}
	}
	p.cmd.Env = append(p.cmd.Env, attackVariable+"="+string(encoded))
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line := p.line(); line != "ready\n" {
		t.Fatalf("the attacker says %q", line)
	}
	return p
}

func (p *process) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("failed to read what the attacker says: %v, after %q", err, line)
	}
	return line
}

// begin lets the attack begin.
func (p *process) begin() {
	p.t.Helper()
	if _, err := io.WriteString(p.in, "begin\n"); err != nil {
		p.t.Fatal(err)
	}
}

// end ends the attack.
func (p *process) end() (sent tally) {
	p.t.Helper()
	if err := p.in.Close(); err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(p.line()), &sent); err != nil {
		p.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatal(err)
	}
	return sent
}
