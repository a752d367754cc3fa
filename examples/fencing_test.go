package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestFencing checks with a real PostgreSQL that a leader whose term is over cannot write any more.
func TestFencing(t *testing.T) {
	needs(t, "psql", "initdb", "pg_ctl", "postgres")
	sql := postgres(t)
	sql(t, "-f", "grants/fencing-setup.sql")
	write := func(term int, name string) string {
		return strings.TrimSpace(sql(t, "-v", "term="+strconv.Itoa(term), "-v", "name="+name, "-f", "grants/fencing-write.sql"))
	}
	for _, step := range []struct {
		term int
		want string
	}{{10, "INSERT 0 1"}, {10, "INSERT 0 1"}, {20, "INSERT 0 1"}, {10, "INSERT 0 0"}, {20, "INSERT 0 1"}} {
		if got := write(step.term, "one"); got != step.want {
			t.Fatalf("a write with term %d: %s, want %s", step.term, got, step.want)
		}
	}
	// Many at a time, in any order: what was written never goes back to a lower term.
	var wg sync.WaitGroup
	for term := range 20 {
		wg.Go(func() { write(100+term%4, "many") })
	}
	wg.Wait()
	const back = `SELECT count(*) FROM (SELECT term, lag(term) OVER (ORDER BY id) AS before FROM jobs) AS j WHERE term < before`
	if got := strings.TrimSpace(sql(t, "-A", "-t", "-c", back)); got != "0" {
		t.Errorf("%s jobs have a lower term than the one before", got)
	}
}

// postgres starts a database server, and returns how to run psql on it. It has no TCP port.
func postgres(t *testing.T) func(t *testing.T, args ...string) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "pg") // a short path: that of a socket has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	owner := databaseOwner(t, folder)
	data := filepath.Join(folder, "data")
	as := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = folder, owner
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	as("initdb", "--auth=trust", "--no-sync", "--username=postgres", "-D", data)
	as("pg_ctl", "start", "-w", "-D", data, "-l", filepath.Join(folder, "log"),
		"-o", fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories=%s -c fsync=off", folder))
	t.Cleanup(func() { as("pg_ctl", "stop", "-m", "immediate", "-D", data) })
	return func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "psql", append([]string{"-X", "-h", folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
}

// databaseOwner returns how to run as another user if this one is root, as whom PostgreSQL refuses to run. The folder becomes that user's.
func databaseOwner(t *testing.T, folder string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(folder, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	skip(t, "PostgreSQL does not run as root, and there is no user postgres or nobody")
	return nil
}
