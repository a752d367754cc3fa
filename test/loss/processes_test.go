//go:build e2e

package loss

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

type step = func(context.Context) error

func nothing(context.Context) error { return nil }

// signalling sends a signal to processes, and another one at the end; 0 sends none.
func signalling(pids []int, first, last syscall.Signal) (inject, end step) {
	inject = func(context.Context) error { return env.Signal(pids, first) }
	if last == 0 {
		return inject, nothing
	}
	return inject, func(context.Context) error { return env.Signal(pids, last) }
}

// toLeader signals the first process of the leader's container.
func toLeader(first, last syscall.Signal) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		main, _ := containerProcesses(t, s.leader.Name)
		return signalling(main, first, last)
	}
}

// stopAllPods stops the first processes of all pods that could lead. At the end the leader's goes on first: if another pod answered before
// it, to follow that one would be right.
func stopAllPods(t *testing.T, s *scene) (inject, end step) {
	t.Helper()
	list, err := s.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leader, _ := containerProcesses(t, s.leader.Name)
	var others []int
	for _, pod := range list {
		if pod.UID != s.leader.UID {
			main, _ := containerProcesses(t, pod.Name)
			others = append(others, main...)
		}
	}
	inject, _ = signalling(append(others, leader...), syscall.SIGSTOP, 0)
	end = func(ctx context.Context) error {
		failed := env.Signal(leader, syscall.SIGCONT)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
		return errors.Join(failed, env.Signal(others, syscall.SIGCONT))
	}
	return inject, end
}

// toChildren signals the processes that the first one of the leader's container has started.
func toChildren(first syscall.Signal) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		_, children := containerProcesses(t, s.leader.Name)
		if len(children) == 0 {
			t.Fatalf("the first process of %s has started no other", s.leader.Name)
		}
		return signalling(children, first, 0)
	}
}

// toReplicas signals replicas of Tanist.
func toReplicas(choose func(s *scene) []corev1.Pod) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var pids []int
		for _, pod := range choose(s) {
			main, _ := containerProcesses(t, pod.Name)
			pids = append(pids, main...)
		}
		return signalling(pids, syscall.SIGSTOP, syscall.SIGCONT)
	}
}

func oneReplica(s *scene) []corev1.Pod {
	all := s.replicas.all()
	return all[s.round%len(all):][:1]
}

func allReplicas(s *scene) []corev1.Pod { return s.replicas.all() }

// toKubelets stops the kubelets of nodes.
func toKubelets(nodes func(s *scene) []string) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var pids []int
		for _, node := range nodes(s) {
			pids = append(pids, programs(t, "kubelet", node)...)
		}
		return signalling(pids, syscall.SIGSTOP, syscall.SIGCONT)
	}
}

func toAPIServer(t *testing.T, _ *scene) (inject, end step) {
	return signalling(programs(t, "kube-apiserver", ""), syscall.SIGSTOP, syscall.SIGCONT)
}

func programs(t *testing.T, name, node string) []int {
	t.Helper()
	pids, err := env.PIDsOfComponent(name, node)
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// containerProcesses are the first process of a pod's container, and all others.
func containerProcesses(t *testing.T, pod string) (main, children []int) {
	t.Helper()
	pids, err := env.PIDsOfPod(pod)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue // it has ended
		}
		if isFirst(string(status)) {
			main = append(main, pid)
		} else {
			children = append(children, pid)
		}
	}
	if len(main) != 1 {
		t.Fatalf("%d first processes in pod %s, want one", len(main), pod)
	}
	return main, children
}

// replaceLeader deletes the pod that led: a fresh one does not wait for the kubelet's growing delay after crashes.
func replaceLeader(t *testing.T, s *scene) {
	t.Helper()
	if err := s.client.CoreV1().Pods(s.namespace).Delete(t.Context(), s.leader.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// restarting kills a program of a node, or, without one, of the control plane. At the end it starts it again.
func restarting(name string, node func(s *scene) string) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		where := node(s)
		pid := programs(t, name, where)[0]
		line, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		environ, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		log, err3 := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", pid))
		folder, err4 := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
		command := fields(line)
		if where != "" {
			command = append([]string{"nsenter", "--net=/run/netns/tanist-" + where}, command...)
		}
		inject = func(context.Context) error { return env.Kill([]int{pid}) }
		end = func(context.Context) error {
			file, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			program := exec.Command(command[0], command[1:]...)
			program.Env, program.Stdout, program.Stderr, program.Dir = fields(environ), file, file, folder
			program.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives the test
			if err := program.Start(); err != nil {
				return err
			}
			go func() { _ = program.Wait() }()
			return nil
		}
		return inject, end
	}
}

func controlPlane(*scene) string { return "" }
