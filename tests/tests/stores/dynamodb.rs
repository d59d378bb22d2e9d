//! DynamoDB: what processes share, what a look-up costs, and what they do without it.
