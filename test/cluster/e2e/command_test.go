//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
)

// timeout bounds whatever a test waits for. It is generous, since a loaded machine is no failure.
const timeout = 3 * time.Minute

var bin struct{ command, app string }

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tanist-cluster-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the test without root reads it, too
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	bin.command, bin.app = filepath.Join(dir, "tanist-cluster"), filepath.Join(dir, "app")
	for output, pkg := range map[string]string{bin.command: "..", bin.app: "./app"} {
		build := exec.Command("go", "build", "-o", output, pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "failed to build %s: %v\n%s", pkg, err, out)
			return 1
		}
	}
	return m.Run()
}

// user is a user who calls the command.
type user struct {
	t *testing.T
	// name is the cluster's.
	name string
	// env is added to this process's environment.
	env []string
	// credential is nil for the user who runs the tests.
	credential *syscall.Credential
}

// try calls the command and returns what it wrote, also when it fails.
func (u user) try(args ...string) (stdout, stderr string, err error) {
	u.t.Helper()
	cmd := u.command(append([]string{"--name", u.name}, args...)...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	started := time.Now()
	err = cmd.Run()
	u.t.Logf("tanist-cluster %s: %.1fs", strings.Join(args, " "), time.Since(started).Seconds())
	return out.String(), errOut.String(), err
}

// command is one that the user is about to call.
func (u user) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(u.t.Context(), bin.command, args...)
	cmd.Env = append(os.Environ(), u.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential}
	cmd.Dir = "/"
	return cmd
}

func (u user) must(args ...string) string {
	u.t.Helper()
	out, errOut, err := u.try(args...)
	if err != nil {
		u.t.Fatalf("tanist-cluster %s: %v\n%s", strings.Join(args, " "), err, errOut)
	}
	return out
}

// refused expects exit code 1 and one line that contains each of the words.
func (u user) refused(args []string, words ...string) {
	u.t.Helper()
	u.exits(1, args, words...)
}

// refusedRealNodes expects the exit code that says that simulated nodes would do, and one line that contains each of the words.
func (u user) refusedRealNodes(args []string, words ...string) {
	u.t.Helper()
	u.exits(3, args, words...)
}

func (u user) exits(code int, args []string, words ...string) {
	u.t.Helper()
	_, errOut, err := u.try(args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		u.t.Fatalf("tanist-cluster %s: %v, want exit code %d\n%s", strings.Join(args, " "), err, code, errOut)
	}
	if strings.Count(errOut, "\n") != 1 {
		u.t.Errorf("tanist-cluster %s says more than one line:\n%s", strings.Join(args, " "), errOut)
	}
	for _, w := range words {
		if !strings.Contains(errOut, w) {
			u.t.Errorf("tanist-cluster %s does not say %q:\n%s", strings.Join(args, " "), w, errOut)
		}
	}
}

// up brings the cluster up, and down at the test's end.
func (u user) up(args ...string) (*kubernetes.Clientset, *rest.Config) {
	u.t.Helper()
	out := u.must(append([]string{"up"}, args...)...)
	u.t.Cleanup(func() {
		// Not u.must: the test's context has ended by now.
		cmd := exec.Command(bin.command, "--name", u.name, "down")
		cmd.Env = append(os.Environ(), u.env...)
		if said, err := cmd.CombinedOutput(); err != nil {
			u.t.Errorf("tanist-cluster down: %v\n%s", err, said)
		}
	})
	return u.connect(strings.TrimSpace(strings.TrimPrefix(out, "export KUBECONFIG=")))
}

func (u user) connect(kubeconfig string) (*kubernetes.Clientset, *rest.Config) {
	u.t.Helper()
	conf, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		u.t.Fatal(err)
	}
	conf.QPS = -1
	client, err := kubernetes.NewForConfig(conf)
	if err != nil {
		u.t.Fatal(err)
	}
	return client, conf
}

func (u user) status() cluster.Status {
	u.t.Helper()
	var s cluster.Status
	if err := json.Unmarshal([]byte(u.must("status", "-o", "json")), &s); err != nil {
		u.t.Fatal(err)
	}
	return s
}
