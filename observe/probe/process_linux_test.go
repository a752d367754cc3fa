package probe_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tanist-dev/tanist/observe"
)

// kindVariable makes this program a server of that kind of probe, as a process that can be stopped, killed and left out of measurements.
const kindVariable = "TANIST_TEST_SERVE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(kindVariable); kind != "" {
		runServer(observe.ProbeKind(kind))
		return
	}
	os.Exit(m.Run())
}

// runServer serves until its parent dies.
func runServer(kind observe.ProbeKind) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	switch kind {
	case observe.ProbeHTTP:
		go func() { _ = http.Serve(listener, http.NotFoundHandler()) }()
	case observe.ProbeHTTPS:
		server := httptest.Server{Listener: listener, Config: &http.Server{Handler: http.NotFoundHandler()}}
		server.StartTLS()
	case observe.ProbeGRPC:
		server := grpc.NewServer()
		grpc_health_v1.RegisterHealthServer(server, health.NewServer())
		go func() { _ = server.Serve(listener) }()
	case observe.ProbeTCP:
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					panic(err)
				}
				go func() {
					_, _ = io.Copy(io.Discard, conn)
					conn.Close()
				}()
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// process is a pod's process.
type process struct {
	t testing.TB
	*exec.Cmd
	probe observe.Probe
}

func startProcess(t testing.TB, kind observe.ProbeKind) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, Cmd: exec.CommandContext(t.Context(), program)}
	p.Env = append(os.Environ(), kindVariable+"="+string(kind))
	p.Stderr = os.Stderr
	if _, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, _, err := bufio.NewReader(out).ReadLine()
	if err != nil {
		t.Fatalf("The server did not start: %v", err)
	}
	p.probe = observe.Probe{Kind: kind, Address: netip.MustParseAddrPort(string(line))}
	return p
}

// stop returns when no thread of the process runs any more.
func (p *process) stop() {
	p.t.Helper()
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		p.t.Fatalf("The process did not stop: %v, status %x", err, status)
	}
}

func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}
