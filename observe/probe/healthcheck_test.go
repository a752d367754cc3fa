package probe_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tanist-dev/tanist/observe"
)

// serveGRPC starts a gRPC server with a health service.
func serveGRPC(t testing.TB, service grpc_health_v1.HealthServer) (*grpc.Server, observe.Probe) {
	t.Helper()
	listener := listen(t)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return server, observe.Probe{Kind: observe.ProbeGRPC, Address: addressOf(listener)}
}

// healthFunc is a health service that answers with a function.
type healthFunc struct {
	grpc_health_v1.UnimplementedHealthServer
	check func(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error)
}

func (h healthFunc) Check(
	ctx context.Context, request *grpc_health_v1.HealthCheckRequest,
) (*grpc_health_v1.HealthCheckResponse, error) {
	return h.check(ctx, request)
}

func TestGRPCServerIsAskedManyTimesOnOneConnection(t *testing.T) {
	notServing := health.NewServer()
	notServing.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	for name, test := range map[string]struct {
		service   string
		health    grpc_health_v1.HealthServer
		wantReady bool
	}{
		"the whole server":                {"", health.NewServer(), true},
		"a service that does not serve":   {"", notServing, false},
		"a service that it does not know": {"db", health.NewServer(), false},
		"a server without health checks":  {"", grpc_health_v1.UnimplementedHealthServer{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p := serveGRPC(t, test.health)
			p.Service = test.service
			conn := dial(t, p)
			for range 50 {
				ask(t, conn)
				if conn.Ready() != test.wantReady {
					t.Fatalf("The pod is said to be ready: %t", conn.Ready())
				}
			}
			if !conn.Reusable() {
				t.Error("The connection is said not to be reusable")
			}
		})
	}
}

func TestGRPCServerIsAskedForTheServiceOfTheProbe(t *testing.T) {
	asked := make(chan string, 1)
	_, p := serveGRPC(t, healthFunc{check: func(
		_ context.Context, request *grpc_health_v1.HealthCheckRequest,
	) (*grpc_health_v1.HealthCheckResponse, error) {
		asked <- request.Service
		return new(grpc_health_v1.HealthCheckResponse), nil
	}})
	p.Service = "db.v1.Database"
	ask(t, dial(t, p))
	if got := <-asked; got != p.Service {
		t.Errorf("The server was asked for the health of %q and not of %q", got, p.Service)
	}
}

func TestGRPCServerMayAnswerAsMuchAsItLikesOverTime(t *testing.T) {
	long := new(grpc_health_v1.HealthCheckResponse)
	long.ProtoReflect().SetUnknown(append([]byte{15<<3 | 2, 0x80, 0x40}, make([]byte, 8<<10)...)) // an unknown field of 8 KiB
	_, p := serveGRPC(t, healthFunc{check: func(
		context.Context, *grpc_health_v1.HealthCheckRequest,
	) (*grpc_health_v1.HealthCheckResponse, error) {
		return long, nil
	}})
	conn := dial(t, p)
	for range 20 { // more than the 64 KiB that a server may send without being allowed more
		ask(t, conn)
	}
}

func TestGRPCServerWhoseHandlerHangsIsSilentAlthoughItsLibrarySpeaks(t *testing.T) {
	_, p := serveGRPC(t, healthFunc{check: func(
		ctx context.Context, _ *grpc_health_v1.HealthCheckRequest,
	) (*grpc_health_v1.HealthCheckResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	conn := dial(t, p)
	if err := conn.Ask(within(t, patience)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("A handler that hangs has answered, or the error does not tell: %v", err)
	}
	conn.Close() // ends the handler
}

func TestGRPCServerThatStopsEndsTheConnection(t *testing.T) {
	server, p := serveGRPC(t, health.NewServer())
	conn := dial(t, p)
	ask(t, conn)
	go server.GracefulStop()
	waitForEnd(t, conn)
}
