//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mount is a Secret in a folder, as the kubelet mounts it: the files are links into a folder that is itself a link. One rename replaces
// that link with the next version's.
type mount struct {
	folder string
	// written is closed when the first version is there.
	written chan struct{}

	mu  sync.Mutex
	err error
	n   int
}

// mountSecret writes each version of the Secret to the folder, until the context ends.
func mountSecret(ctx context.Context, folder, secret string) (*mount, error) {
	m := &mount{folder: folder, written: make(chan struct{})}
	stream, err := clientset.CoreV1().Secrets(release).Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=" + secret, TimeoutSeconds: new(watchTimeout),
	})
	if err != nil {
		return nil, fmt.Errorf("failed to watch Secret %s: %w", secret, err)
	}
	go func() {
		for event := range stream.ResultChan() {
			secret, ok := event.Object.(*corev1.Secret)
			if !ok || len(secret.Data[corev1.TLSCertKey]) == 0 {
				continue
			}
			if err := m.write(secret.Data); err != nil {
				m.fail(err)
			}
		}
		if ctx.Err() == nil {
			m.fail(errors.New("the watch of the Secret ended"))
		}
	}()
	return m, nil
}

// write writes the next version.
func (m *mount) write(data map[string][]byte) error {
	m.n++
	version := fmt.Sprintf("..version-%d", m.n)
	if err := os.Mkdir(filepath.Join(m.folder, version), 0o700); err != nil {
		return err
	}
	for name, content := range data {
		if err := os.WriteFile(filepath.Join(m.folder, version, name), content, 0o600); err != nil {
			return err
		}
	}
	if err := os.Symlink(version, filepath.Join(m.folder, "..next")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(m.folder, "..next"), filepath.Join(m.folder, "..data")); err != nil {
		return err
	}
	if m.n > 1 {
		return os.RemoveAll(filepath.Join(m.folder, fmt.Sprintf("..version-%d", m.n-1)))
	}
	for name := range data {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.folder, name)); err != nil {
			return err
		}
	}
	close(m.written)
	return nil
}

func (m *mount) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = errors.Join(m.err, err)
}

// failed returns why the folder does not have the Secret's content.
func (m *mount) failed() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
