"""A stream of the tests and the demo: made, and read back whole, with aggregates taken apart by a peer's reader (aws-kinesis-agg).

Speaks to kinesalite or moto directly, past the proxy. Neither checks signatures, so none is made.
"""

import base64
import http.client
import json
import time

AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=TEST/20250101/us-east-1/kinesis/aws4_request, "
                 "SignedHeaders=host, Signature=0")


class Stream:
    def __init__(self, port, name, shards=4):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.name = name
        self.call("CreateStream", ShardCount=shards)
        for _ in range(200):
            description = self.call("DescribeStream")["StreamDescription"]
            if description["StreamStatus"] == "ACTIVE":
                break
            time.sleep(.02)
        else:
            raise RuntimeError(f"the stream {name} did not become active")
        self.arn = description["StreamARN"]
        self.shards = [shard["ShardId"] for shard in description["Shards"]]

    def close(self):
        self.connection.close()

    def call(self, operation, **arguments):
        if "ShardIterator" not in arguments:
            arguments["StreamName"] = self.name
        self.connection.request("POST", "/", json.dumps(arguments), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "X-Amz-Date": "20250101T000000Z", "Authorization": AUTHORIZATION})
        response = self.connection.getresponse()
        body = response.read()
        self.connection.close()  # a server may end a kept one at any moment
        if response.status != 200:
            raise RuntimeError(f"{operation}: {response.status} {body[:300]}")
        return json.loads(body) if body else {}

    def records(self):
        """(shard, partition key, bytes) of all records, as they were put."""
        for shard in self.shards:
            iterator = self.call("GetShardIterator", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while True:
                answer = self.call("GetRecords", ShardIterator=iterator, Limit=1000)
                for record in answer["Records"]:
                    yield shard, record["PartitionKey"], base64.b64decode(record["Data"])
                if not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0:
                    break
                iterator = answer["NextShardIterator"]

    def events(self):
        """(shard, partition key, event) of all events, aggregated or not."""
        # Here, and not above: who reads plain records (the demo) needs nothing from PyPI.
        from aws_kinesis_agg.deaggregator import deaggregate_records

        for shard, key, data in self.records():
            wire = {"kinesis": {"data": base64.b64encode(data), "partitionKey": key, "sequenceNumber": "0",
                                "kinesisSchemaVersion": "1.0", "approximateArrivalTimestamp": 0},
                    "eventID": "e", "eventName": "n", "eventSource": "s", "eventSourceARN": self.arn,
                    "eventVersion": "1", "invokeIdentityArn": "i", "awsRegion": "us-east-1"}
            for record in deaggregate_records([wire]):
                inner = record["kinesis"]
                yield shard, inner["partitionKey"], json.loads(base64.b64decode(inner["data"]))
