module memgc-bench-go

go 1.19
