package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tanist-dev/tanist/test/cluster/process"
)

// name is the cluster's for kwokctl; each has a working folder of its own.
const name = "tanist"

func (c Config) workDir() string    { return filepath.Join(c.Dir, "kwok") }
func (c Config) clusterDir() string { return filepath.Join(c.workDir(), "clusters", name) }

// Logs is the folder with the programs' logs.
func (c Config) Logs() string { return filepath.Join(c.clusterDir(), "logs") }

// Start starts the control plane, returns when it serves, and writes the administrator's kubeconfig to path.
func (c Config) Start(ctx context.Context, path string) error {
	conf, err := c.kwokctl()
	if err != nil {
		return fmt.Errorf("failed to render kwokctl's configuration: %w", err)
	}
	file := filepath.Join(c.Dir, "kwokctl.yaml")
	if err := os.WriteFile(file, conf, 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("the control plane did not serve within 2 minutes"))
	defer cancel()
	// --kubeconfig= : the user's own is not touched.
	cmd := exec.CommandContext(ctx, filepath.Join(c.Components, "kwokctl"), "--name", name, "--config", file, "create", "cluster", "--kubeconfig=", "--wait=60s")
	cmd.Env = append(process.Owner{Cluster: c.Dir}.Environ(), "KWOK_WORKDIR="+c.workDir())
	// A pipe would stay open as long as the programs live, which kwokctl leaves behind.
	log, err := os.Create(filepath.Join(c.Dir, "kwokctl.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("failed to start the control plane: %w\n%s", errors.Join(err, context.Cause(ctx)), last(said, 2000))
	}
	return c.writeKubeconfig(path)
}

// writeKubeconfig writes one that can be copied to any place of this machine: nothing in it is a path.
func (c Config) writeKubeconfig(path string) error {
	ca, err1 := os.ReadFile(c.pki("ca.crt"))
	cert, err2 := os.ReadFile(c.pki("admin.crt"))
	key, err3 := os.ReadFile(c.pki("admin.key"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return clientcmd.WriteToFile(kubeconfig(c.Address, c.Port, ca, cert, key), path)
}

func kubeconfig(address string, port int, ca, cert, key []byte) clientcmdapi.Config {
	conf := clientcmdapi.NewConfig()
	conf.Clusters[name] = &clientcmdapi.Cluster{Server: fmt.Sprintf("https://%s:%d", address, port), CertificateAuthorityData: ca}
	conf.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	conf.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	conf.CurrentContext = name
	return *conf
}

func last(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// LogTo copies the end of every program's log to w, for the failure that a message alone does not explain.
func (c Config) LogTo(w io.Writer) {
	files, _ := filepath.Glob(filepath.Join(c.Logs(), "*.log"))
	for _, f := range files {
		if said, err := os.ReadFile(f); err == nil && len(said) > 0 {
			fmt.Fprintf(w, "--- %s\n%s\n", f, last(said, 1000))
		}
	}
}
