package controllers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

const (
	// timeout is how long a test waits for what should take milliseconds: long enough for one busy core.
	timeout = 4 * time.Minute
	// interval is how often a condition is checked.
	interval = 100 * time.Millisecond
)

// controllerManager is a running kube-controller-manager.
type controllerManager struct {
	folder string
	cmd    *exec.Cmd
	// ended is closed when the process has ended. err says why.
	ended chan struct{}
	err   error
}

// Start runs kube-controller-manager with the named controllers, and waits until they work. Those for slices and for garbage must be among
// them. It ends with this process at the latest.
func Start(ctx context.Context, c kubernetes.Interface, kubeconfig []byte, names ...string) (stop func() error, err error) {
	m := &controllerManager{ended: make(chan struct{})}
	if m.folder, err = os.MkdirTemp("", "controllers-"); err != nil {
		return nil, err
	}
	if err := m.start(kubeconfig, names); err != nil {
		return nil, errors.Join(fmt.Errorf("failed to start kube-controller-manager: %w", err), os.RemoveAll(m.folder))
	}
	if err := m.waitWorking(ctx, c); err != nil {
		log, _ := os.ReadFile(m.log())
		return nil, errors.Join(fmt.Errorf("kube-controller-manager does not work: %w\n%s", err, log), m.stop())
	}
	return m.stop, nil
}

func (m *controllerManager) log() string { return filepath.Join(m.folder, "log") }

func (m *controllerManager) start(kubeconfig []byte, names []string) error {
	config := filepath.Join(m.folder, "kubeconfig")
	if err := os.WriteFile(config, kubeconfig, 0o600); err != nil {
		return err
	}
	log, err := os.Create(m.log())
	if err != nil {
		return err
	}
	m.cmd = exec.Command(filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kube-controller-manager"),
		"--kubeconfig="+config, "--leader-elect=false", "--secure-port=0", "--kube-api-qps=1000", "--kube-api-burst=1000",
		"--controllers="+strings.Join(names, ","),
		// Each controller has a user of its own, so that a policy can tell them apart.
		"--use-service-account-credentials",
	)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	// The process is killed with the thread that started it, also when these tests panic or are killed.
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		defer close(m.ended)
		defer log.Close()
		runtime.LockOSThread() // never unlocked: the thread lives as long as the process
		if err := m.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		m.err = m.cmd.Wait()
	}()
	return <-started
}

// stop ends the process and waits for it.
func (m *controllerManager) stop() error {
	if err := m.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("failed to end kube-controller-manager: %w", err)
	}
	<-m.ended
	return os.RemoveAll(m.folder)
}

// waitWorking waits until a Service gets a slice and an Endpoints object, and until what it owns is deleted with it: the garbage collector
// is the last controller to be ready.
func (m *controllerManager) waitWorking(ctx context.Context, c kubernetes.Interface) error {
	const namespace, name = metav1.NamespaceDefault, "controllers-work"
	service, err := c.CoreV1().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: name, OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(service, corev1.SchemeGroupVersion.WithKind("Service"))},
	}}
	if _, err := c.CoreV1().ConfigMaps(namespace).Create(ctx, owned, metav1.CreateOptions{}); err != nil {
		return err
	}
	sliced := metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name}
	if err := m.poll(ctx, func(ctx context.Context) (bool, error) {
		slices, err := c.DiscoveryV1().EndpointSlices(namespace).List(ctx, sliced)
		return err == nil && len(slices.Items) > 0, err
	}); err != nil {
		return fmt.Errorf("no EndpointSlice is made: %w", err)
	}
	if err := c.CoreV1().Services(namespace).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	if err := m.poll(ctx, func(ctx context.Context) (bool, error) {
		_, err := c.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignoreNotFound(err)
	}); err != nil {
		return fmt.Errorf("no garbage is collected: %w", err)
	}
	return nil
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// poll calls f until it returns true, or the process has ended.
func (m *controllerManager) poll(ctx context.Context, done wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextTimeout(ctx, interval, timeout, true, func(ctx context.Context) (bool, error) {
		select {
		case <-m.ended:
			return false, fmt.Errorf("it has ended: %w", m.err)
		default:
			return done(ctx)
		}
	})
}
