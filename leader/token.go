package leader

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

// authenticate adds the token to a request. It reads the file each time, because the kubelet replaces it.
func (c *client) authenticate(request *http.Request) error {
	if c.tokenFile == "" {
		return nil
	}
	token, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return fmt.Errorf("failed to read token: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return nil
}

// dialTLS returns how to connect over TLS. It reads the CA for each connection, so that a new one needs no restart.
func dialTLS(dialer net.Dialer, caFile string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if caFile != "" {
			pem, err := os.ReadFile(caFile)
			if err != nil {
				return nil, fmt.Errorf("failed to read CA: %w", err)
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("failed to read CA: no certificate in %s", caFile)
			}
		}
		return (&tls.Dialer{NetDialer: &dialer, Config: config}).DialContext(ctx, network, address)
	}
}
